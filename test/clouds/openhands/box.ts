import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import * as net from 'node:net';
import * as path from 'node:path';
import type { Readable } from 'node:stream';
import { sendSignal } from '../../../src/processes/procfs';

/** The user of OpenHands' images (software-agent-sdk, agent_server/docker/Dockerfile). */
const USER = { name: 'openhands', id: 10_001, home: '/home/openhands' };
const PASSWD = [
  'root:x:0:0:root:/root:/bin/bash',
  `${USER.name}:x:${USER.id}:${USER.id}::${USER.home}:/bin/bash`,
  'nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin',
  '',
].join('\n');
const GROUP = ['root:x:0:', `${USER.name}:x:${USER.id}:`, 'nogroup:x:65534:', ''].join('\n');
/** Folders of this computer that a box has too, read-only. */
const SYSTEM_FOLDERS = ['/bin', '/etc', '/lib', '/lib32', '/lib64', '/opt', '/sbin', '/usr'];
const CHECKOUT = path.resolve(import.meta.dirname, '../../..');
const NODE_FOLDER = path.dirname(path.dirname(process.execPath));

/** A program of this computer that runs in a box. */
export interface BoxProgram {
  readonly argv: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  /** Folders of this computer that it needs besides those of the system. */
  readonly folders: readonly string[];
}

/** Enough for the end of a stack trace. */
const MAX_LAST_WORDS = 2000;

/**
 * A sandbox's inside: namespaces of its own for processes, network and mounts, as bwrap(1) makes them. Like the pod of
 * a cloud it keeps nothing but /workspace: home, /tmp and all processes go with it.
 */
export class Box {
  private constructor(
    private readonly child: ChildProcess,
    /** Its first process, as this computer sees it: with that the box ends. */
    readonly firstPid: number,
    private readonly dir: string,
  ) {}

  /**
   * Starts a box whose /workspace is `dir`/workspace. What its program writes is in `dir`/log. Rejects when the box
   * cannot be made.
   */
  static async start(dir: string, hostname: string, program: BoxProgram): Promise<Box> {
    mkdirSync(path.join(dir, 'workspace', 'project'), { recursive: true });
    rmSync(path.join(dir, 'ingress'), { recursive: true, force: true });
    mkdirSync(path.join(dir, 'ingress'));
    writeFileSync(path.join(dir, 'passwd'), PASSWD);
    writeFileSync(path.join(dir, 'group'), GROUP);
    const log = openSync(path.join(dir, 'log'), 'w');
    const child = spawn('bwrap', boxArguments(dir, hostname, program), {
      stdio: ['ignore', log, log, 'pipe'],
      env: { ...boxEnvironment(), ...program.env },
    });
    closeSync(log);
    const failed = Promise.race([once(child, 'error'), once(child, 'exit')]).then(([reason]) => {
      throw new Error(`bwrap ended (${String(reason)}): ${readFileSync(path.join(dir, 'log'), 'utf8')}`);
    });
    failed.catch(() => undefined);
    const box = new Box(child, await Promise.race([firstPidOf(child), failed]), dir);
    return box;
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Resolves when the box has ended, for whatever reason. */
  get ended(): Promise<unknown> {
    return this.isRunning ? once(this.child, 'exit') : Promise.resolve();
  }

  /** What its program wrote last. */
  get lastWords(): string {
    return readFileSync(path.join(this.dir, 'log'), 'utf8').slice(-MAX_LAST_WORDS);
  }

  /** A connection to a TCP port of the box. It is closed at once if nobody listens there. */
  connect(port: number): net.Socket {
    const socket = net.connect({ path: path.join(this.dir, 'ingress', 'socket'), allowHalfOpen: true });
    socket.write(`${port}\n`);
    return socket;
  }

  /** Kills everything in the box. Resolves when nothing of it runs any more. */
  async kill(): Promise<void> {
    if (!this.isRunning) return;
    // pid_namespaces(7): with a namespace's first process all others go, and it is not reaped before they have.
    sendSignal(this.firstPid, 'SIGKILL');
    await this.ended;
  }
}

async function firstPidOf(child: ChildProcess): Promise<number> {
  const chunks: Buffer[] = [];
  for await (const chunk of child.stdio[3] as Readable) chunks.push(chunk as Buffer);
  const info = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { 'child-pid': number };
  return info['child-pid'];
}

function boxArguments(dir: string, hostname: string, program: BoxProgram): string[] {
  const wayIn = path.join(import.meta.dirname, 'wayIn.mjs');
  const folders = new Set([CHECKOUT, NODE_FOLDER, ...program.folders]);
  return [
    ...['--die-with-parent', '--info-fd', '3'],
    ...['--unshare-user', '--uid', String(USER.id), '--gid', String(USER.id)],
    ...['--unshare-pid', '--unshare-net', '--unshare-ipc', '--unshare-uts', '--hostname', hostname],
    ...SYSTEM_FOLDERS.flatMap(systemFolder),
    ...['--proc', '/proc', '--dev', '/dev'],
    ...['--tmpfs', '/tmp', '--tmpfs', '/run', '--dir', '/var/tmp', '--dir', USER.home],
    ...[
      '--ro-bind',
      path.join(dir, 'passwd'),
      '/etc/passwd',
      '--ro-bind',
      path.join(dir, 'group'),
      '/etc/group',
    ],
    ...[...folders].filter(isNoSystemFolder).flatMap((folder) => ['--ro-bind', folder, folder]),
    ...['--bind', path.join(dir, 'workspace'), '/workspace'],
    ...['--bind', path.join(dir, 'ingress'), '/run/ingress'],
    ...['--chdir', '/', '--', process.execPath, wayIn, '/run/ingress/socket', ...program.argv],
  ];
}

/** Debian has /bin and others as links into /usr. */
function systemFolder(folder: string): string[] {
  if (!existsSync(folder)) return [];
  if (lstatSync(folder).isSymbolicLink()) return ['--symlink', readlinkSync(folder), folder];
  return ['--ro-bind', folder, folder];
}

function isNoSystemFolder(folder: string): boolean {
  return !SYSTEM_FOLDERS.some((system) => folder === system || folder.startsWith(`${system}/`));
}

/** In the environment of bwrap and not in its arguments, which everybody on this computer can read. */
function boxEnvironment(): Record<string, string> {
  return {
    PATH: `${path.dirname(process.execPath)}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
    HOME: USER.home,
    USER: USER.name,
    SHELL: '/bin/bash',
    LANG: 'C.UTF-8',
  };
}
