/** Boxes as Linux namespaces made by bubblewrap: the host's programs or a given root folder, no image needed. */
import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { describeError } from '../../base/errors';
import { removeTree } from '../../base/files';
import { getArchive, putArchive } from './archive';
import { startHostCommand } from './command';
import { enterControl } from './enterControl';
import { RuntimeError } from './errors';
import { hostRootArguments, writeEtc } from './hostRoot';
import {
  BOX_PATH,
  boxArguments,
  enterArguments,
  hostRoot,
  type BoxEntry,
  type BoxFolders,
  type Confinement,
} from './namespaces';
import { NamespaceBox } from './namespaceBox';
import type { ProcessControl } from '../../processes/hostProcess';
import type { PipeFactory } from '../../processes/pipes';
import type { BoxSpec, ExecSpec, BoxProcess, Runtime } from './runtime';
import type { RuntimeContext } from './runtimeContext';
import { enterWithTerminal, type EnterCommand } from './terminalEntry';

const run = promisify(execFile);

const HOME = '/root';
/** For a program to tell its version. */
const PROBE_MS = 5_000;

/** The host's programs that this runtime is made of, by their full paths. */
interface Tools {
  readonly bwrap: string;
  readonly nsenter: string;
  readonly hostScript: string | undefined;
}

interface RunningBox {
  readonly namespaces: NamespaceBox;
  readonly confinement: Confinement;
  /** Whether the box has util-linux's script(1). */
  readonly hasScript: boolean;
  /** The processes of this computer that brought the commands into it which run. */
  readonly entered: Set<number>;
}

export class BubblewrapRuntime implements Runtime {
  readonly name = 'bubblewrap';
  readonly #tools: Tools;
  readonly #pipes: PipeFactory;
  readonly #isRoot: boolean;
  readonly #running = new Map<string, RunningBox>();

  private constructor(tools: Tools, pipes: PipeFactory) {
    this.#tools = tools;
    this.#pipes = pipes;
    this.#isRoot = process.getuid?.() === 0;
  }

  /**
   * Makes a box, runs a command in it and ends it, since many systems have bwrap and forbid it what it needs.
   * Throws a {@link RuntimeError} that says why it does not work here.
   */
  static async probe({ log, env, scratchDir, pipes }: RuntimeContext): Promise<BubblewrapRuntime> {
    if (process.platform !== 'linux') {
      throw new RuntimeError('unavailable', 'bubblewrap works on Linux only; use the docker runtime');
    }
    const runtime = new BubblewrapRuntime(
      {
        bwrap: requireTool('bwrap', env),
        nsenter: requireTool('nsenter', env),
        hostScript: await findScript(env),
      },
      pipes,
    );
    const dir = await fs.mkdtemp(path.join(scratchDir, 'probe-'));
    const box: BoxSpec = { id: 'probe', hostname: 'probe', dir, env: {}, network: true };
    try {
      await runtime.#tryBox(box);
    } catch (cause) {
      throw new RuntimeError('unavailable', unavailable(cause), { cause });
    } finally {
      await runtime.stop(box);
      await fs.rm(dir, { recursive: true, force: true });
    }
    log.debug(`bubblewrap works, as ${runtime.#isRoot ? 'root' : 'an ordinary user'}`);
    return runtime;
  }

  async create(box: BoxSpec): Promise<void> {
    const root = rootOf(box);
    if (root !== undefined && !(await isFolder(root))) {
      throw new RuntimeError('bad-image', `The box's root ${root} is not a folder of this computer`);
    }
    const folders = foldersOf(box);
    for (const dir of [folders.home, folders.workspace, folders.etc])
      await fs.mkdir(dir, { recursive: true, mode: 0o755 });
    await fs.chmod(folders.home, 0o700);
  }

  async start(box: BoxSpec): Promise<void> {
    if (await this.isRunning(box)) return;
    await this.create(box);
    const folders = foldersOf(box);
    const root = rootOf(box);
    const confinement = this.#confinement(root);
    if (root === undefined) await writeEtc(folders.etc, box);
    const rootArguments =
      root === undefined ? hostRoot(folders, await hostRootArguments()) : ['--bind', root, '/'];
    const args = boxArguments(box, folders, confinement, rootArguments);
    const namespaces = await NamespaceBox.start(this.#tools.bwrap, args);
    const hasScript = await isProgram(namespaces.pid, '/usr/bin/script');
    this.#running.set(box.id, { namespaces, confinement, hasScript, entered: new Set() });
  }

  async stop(box: BoxSpec): Promise<void> {
    const running = this.#running.get(box.id);
    if (!running) return;
    this.#running.delete(box.id);
    await running.namespaces.stop(running.entered);
  }

  isRunning(box: BoxSpec): Promise<boolean> {
    return Promise.resolve(this.#running.get(box.id)?.namespaces.isRunning === true);
  }

  async remove(box: BoxSpec): Promise<void> {
    await this.stop(box);
    const { home, workspace, etc } = foldersOf(box);
    for (const dir of [home, workspace, etc]) await removeTree(dir);
  }

  async exec(box: BoxSpec, spec: ExecSpec): Promise<BoxProcess> {
    const running = this.#running.get(box.id);
    if (!running?.namespaces.isRunning) {
      throw new RuntimeError('not-running', `Box ${box.id} is not running`);
    }
    const env = environment(box, spec, running);
    const entry: BoxEntry = {
      pid: running.namespaces.pid,
      network: box.network,
      confinement: running.confinement,
      workingDir: path.posix.resolve(HOME, spec.workingDir ?? box.workingDir ?? HOME),
    };
    const { argv, terminal } = spec;
    const tools = { ...this.#tools, hasScript: running.hasScript };
    const command: EnterCommand = terminal
      ? enterWithTerminal(entry, tools, argv, env)
      : { args: enterArguments(entry, argv), env, isWrapped: false };
    let nsenter: number | undefined;
    const control = (pid: number): ProcessControl => {
      nsenter = pid;
      return enterControl(pid, command.isWrapped);
    };
    const started = await startHostCommand(
      { argv: [tools.nsenter, ...command.args], env: command.env, cwd: '/', terminal },
      this.#pipes,
      control,
    );
    if (nsenter !== undefined) track(running.entered, nsenter, started);
    return started;
  }

  putArchive(box: BoxSpec, target: string, tar: Readable): Promise<void> {
    return putArchive((spec) => this.exec(box, spec), target, tar);
  }

  getArchive(box: BoxSpec, source: string): Promise<Readable> {
    return getArchive((spec) => this.exec(box, spec), source);
  }

  #confinement(root: string | undefined): Confinement {
    const dropCapabilities = root === undefined;
    if (!this.#isRoot) return { userNamespace: 'single', dropCapabilities };
    return { userNamespace: dropCapabilities ? 'none' : 'nested', dropCapabilities };
  }

  async #tryBox(box: BoxSpec): Promise<void> {
    await this.start(box);
    const command = await this.exec(box, { argv: ['true'], env: {} });
    command.stdout.resume();
    let message = '';
    command.stderr.on('data', (chunk: Buffer) => (message += chunk.toString('utf8')));
    const code = await command.exited;
    if (code !== 0) throw new RuntimeError('failed', message || `a command in a box ended with code ${code}`);
  }
}

function unavailable(cause: unknown): string {
  return (
    `bubblewrap does not work here: ${describeError(cause)}. ` +
    'The system may forbid user namespaces to ordinary users (on Ubuntu an AppArmor profile for bwrap allows them); ' +
    'use the docker runtime, or the process runtime, which does not isolate'
  );
}

function requireTool(name: 'bwrap' | 'nsenter', env: NodeJS.ProcessEnv): string {
  const file = findTool(name, env);
  if (file !== undefined) return file;
  const source = name === 'bwrap' ? 'bubblewrap' : 'util-linux';
  throw new RuntimeError('unavailable', `bubblewrap needs ${name}; install the package ${source}`);
}

/** Others than util-linux's do not know its options. */
async function findScript(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const file = findTool('script', env);
  if (file === undefined) return undefined;
  const { stdout } = await run(file, ['--version'], { timeout: PROBE_MS }).catch(() => ({ stdout: '' }));
  return stdout.includes('util-linux') ? file : undefined;
}

function findTool(name: string, env: NodeJS.ProcessEnv): string | undefined {
  const dirs = [...(env['PATH'] ?? '').split(path.delimiter), '/usr/bin', '/bin', '/usr/sbin', '/sbin'];
  const files = dirs.filter((dir) => path.isAbsolute(dir)).map((dir) => path.join(dir, name));
  return files.find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The box's own root folder; undefined: it uses the host's programs. */
function rootOf(box: BoxSpec): string | undefined {
  return box.image !== undefined && path.isAbsolute(box.image) ? box.image : undefined;
}

function foldersOf(box: BoxSpec): BoxFolders {
  return {
    home: path.join(box.dir, 'home'),
    workspace: path.join(box.dir, 'workspace'),
    etc: path.join(box.dir, 'etc'),
  };
}

/** Keeps a process's id among these for as long as it is that process's. */
function track(pids: Set<number>, pid: number, { exited }: BoxProcess): void {
  pids.add(pid);
  void exited.then(() => pids.delete(pid));
}

/** Names no shell: the box's /etc/passwd does, and its user may have changed that. */
function environment(box: BoxSpec, spec: ExecSpec, running: RunningBox): Record<string, string> {
  return {
    PATH: BOX_PATH,
    HOME,
    USER: 'root',
    LOGNAME: 'root',
    LANG: 'C.UTF-8',
    // In a user namespace of one id, archives' owners cannot be restored, and tar as root would try and fail.
    ...(running.confinement.userNamespace !== 'none' && { TAR_OPTIONS: '--no-same-owner' }),
    ...(spec.terminal && { TERM: 'xterm-256color' }),
    ...box.env,
    ...spec.env,
  };
}

async function isFolder(file: string): Promise<boolean> {
  try {
    return (await fs.stat(file)).isDirectory();
  } catch {
    return false;
  }
}

/** Whether a box has a program at a path that is not a symbolic link out of the box's root. */
async function isProgram(pid: number, file: string): Promise<boolean> {
  try {
    await fs.access(`/proc/${pid}/root${file}`, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
