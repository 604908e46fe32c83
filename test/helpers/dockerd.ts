/** A Docker engine of the test's own: private folders and socket, no bridge, no firewall rules, no registry. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import { promisify } from 'node:util';
import Docker from 'dockerode';
import { eventually } from './eventually';
import { skipFor } from './require';

const run = promisify(execFile);

/**
 * Debian packages that make up the engine. They are unpacked into a cache, not installed: installing docker.io
 * would start an engine on people's computers and change their network.
 */
export const dockerdPackages = [
  'docker.io',
  'containerd',
  'runc',
  'tini',
  'busybox-static',
  'libdevmapper1.02.1',
  'libseccomp2',
];

export const TEST_IMAGE = 'cloud-sandboxes-test:busybox';

const cacheDir = path.resolve('node_modules/.cache/cloud-sandboxes/dockerd');

/** Starts an engine that has {@link TEST_IMAGE}: nothing but busybox. Skips the test where none can run. */
export async function startDockerd(context: Mocha.Context): Promise<TestDockerd> {
  let root: string;
  try {
    root = await engineRoot();
  } catch (error) {
    skipFor(context, `no Docker engine can run here: ${String(error)}`);
    throw error;
  }
  return TestDockerd.start(root);
}

export class TestDockerd {
  private constructor(
    private readonly dir: string,
    private readonly process: ChildProcess,
    readonly host: string,
    readonly client: Docker,
  ) {}

  static async start(root: string): Promise<TestDockerd> {
    const dir = await fs.mkdtemp(path.join(os.tmpdir(), 'dkd-'));
    const socketPath = path.join(dir, 'docker.sock');
    const configFile = path.join(dir, 'daemon.json');
    await fs.writeFile(configFile, JSON.stringify(daemonConfig(dir, socketPath)));
    const log = await fs.open(path.join(dir, 'log'), 'w');
    // Ends with this process even if it is killed.
    const child = spawn('setpriv', ['--pdeathsig', 'TERM', 'dockerd', '--config-file', configFile], {
      env: engineEnv(root),
      stdio: ['ignore', log.fd, log.fd],
    });
    await log.close();
    const engine = new TestDockerd(
      dir,
      child,
      `unix://${socketPath}`,
      new Docker({ socketPath, host: undefined }),
    );
    try {
      await engine.#ready();
      await engine.#importImage(path.join(root, 'bin/busybox'));
    } catch (error) {
      const tail = (await fs.readFile(path.join(dir, 'log'), 'utf8')).slice(-2000);
      await engine.stop();
      throw new Error(`dockerd does not start: ${tail}`, { cause: error });
    }
    return engine;
  }

  /** Removes its containers, ends it and removes every trace of it. */
  async stop(): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      const exited = once(this.process, 'exit');
      await this.#removeContainers().catch(() => undefined);
      this.process.kill('SIGTERM');
      await exited;
    }
    await unmountBelow(this.dir);
    await removeControlGroups(controlGroup(this.dir));
    await fs.rm(this.dir, { recursive: true, force: true, maxRetries: 5 });
  }

  async #ready(): Promise<void> {
    await eventually(async () => {
      if (this.process.exitCode !== null || this.process.signalCode !== null) return;
      await this.client.ping();
    }, 45_000);
  }

  async #importImage(busybox: string): Promise<void> {
    const rootfs = path.join(this.dir, 'rootfs');
    await fs.mkdir(path.join(rootfs, 'bin'), { recursive: true });
    await fs.mkdir(path.join(rootfs, 'tmp'));
    await fs.copyFile(busybox, path.join(rootfs, 'bin/busybox'));
    await fs.symlink('busybox', path.join(rootfs, 'bin/sh'));
    const archive = path.join(this.dir, 'rootfs.tar');
    await run('tar', ['-C', rootfs, '-cf', archive, '.']);
    const [repo, tag] = TEST_IMAGE.split(':');
    const answer = await this.client.importImage(archive, { repo, tag });
    await once(answer.resume(), 'end');
    await this.client.getImage(TEST_IMAGE).inspect();
  }

  async #removeContainers(): Promise<void> {
    const containers = await this.client.listContainers({ all: true });
    await Promise.all(containers.map(({ Id }) => this.client.getContainer(Id).remove({ force: true })));
  }
}

function daemonConfig(dir: string, socketPath: string): object {
  return {
    'data-root': path.join(dir, 'data'),
    'exec-root': path.join(dir, 'exec'),
    pidfile: path.join(dir, 'pid'),
    hosts: [`unix://${socketPath}`],
    // Works on every file system, such as the overlay of a container that runs these tests.
    'storage-driver': 'vfs',
    'cgroup-parent': controlGroup(dir),
    bridge: 'none',
    iptables: false,
    ip6tables: false,
  };
}

function controlGroup(dir: string): string {
  return `/${path.basename(dir)}`;
}

function engineEnv(root: string): NodeJS.ProcessEnv {
  const programs = ['usr/bin', 'usr/sbin'].map((dir) => path.join(root, dir));
  const libraries = ['usr/lib', 'lib'].map((dir) => path.join(root, dir, `${machine()}-linux-gnu`));
  return {
    PATH: [...programs, process.env['PATH']].join(path.delimiter),
    LD_LIBRARY_PATH: libraries.join(path.delimiter),
    // Registries cannot be reached; neither may a test.
    HTTPS_PROXY: 'http://127.0.0.1:9',
    HTTP_PROXY: 'http://127.0.0.1:9',
  };
}

function machine(): string {
  return process.arch === 'arm64' ? 'aarch64' : 'x86_64';
}

/** The folder with the engine's programs, filled on first use. Rejects with the reason why there is none. */
export async function engineRoot(): Promise<string> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) throw new Error('it needs root on Linux');
  const root = path.join(cacheDir, 'root');
  const unpacked = await fs.stat(root).catch(() => undefined);
  if (!unpacked) await fillCache(root);
  return root;
}

async function fillCache(root: string): Promise<void> {
  await fs.mkdir(cacheDir, { recursive: true });
  const work = await fs.mkdtemp(path.join(cacheDir, 'new-'));
  try {
    await run('apt-get', ['download', ...dockerdPackages], { cwd: work });
    const packages = (await fs.readdir(work)).filter((name) => name.endsWith('.deb'));
    for (const name of packages) await run('dpkg', ['-x', path.join(work, name), path.join(work, 'root')]);
    await fs.rename(path.join(work, 'root'), root);
  } finally {
    await fs.rm(work, { recursive: true, force: true });
  }
}

/** dockerd leaves the mount of its "none" network's namespace behind. */
async function unmountBelow(dir: string): Promise<void> {
  const mounts = await fs.readFile('/proc/self/mounts', 'utf8');
  const below = mounts
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((target) => target.startsWith(`${dir}/`));
  for (const target of below.reverse()) await run('umount', [target]);
}

/** Removes a control group's folders in every hierarchy, v1 or v2; none is left of those that are not mounted. */
async function removeControlGroups(group: string): Promise<void> {
  const hierarchies = ['', ...(await fs.readdir('/sys/fs/cgroup'))];
  for (const hierarchy of hierarchies) {
    await fs.rmdir(path.join('/sys/fs/cgroup', hierarchy, group)).catch(() => undefined);
  }
}
