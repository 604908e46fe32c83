import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import type { Readable } from 'node:stream';
import { describeError } from '../../base/errors';
import { ensurePrivateDir, removeTree } from '../../base/files';
import { userInfo } from '../../base/paths';
import { getArchive, putArchive } from './archive';
import { startHostCommand } from './command';
import { NOT_EXECUTABLE, failedProcess, type ProcessControl } from '../../processes/hostProcess';
import { RuntimeError } from './errors';
import { findByEnvironment, findBySession } from '../../processes/procfs';
import { findByCommandLine } from '../../processes/commandLines';
import type { PipeFactory } from '../../processes/pipes';
import { sessionControl } from '../../processes/session';
import { endProcesses } from './processes';
import type { BoxSpec, ExecSpec, BoxProcess, Runtime } from './runtime';

/** Marks every process of a box, so that daemons in sessions of their own are found when the box stops. */
const MARKER = 'CLOUD_SANDBOXES_BOX';

const hasRuntimeFolder = process.platform !== 'win32';
/** One for UTF-8 that is there without being installed: of macOS only the 15th and newer know the first. */
const LOCALE = process.platform === 'darwin' ? 'en_US.UTF-8' : 'C.UTF-8';

/** Boxes that are folders of this computer: own HOME, clean environment, nothing that isolates. Needs nothing. */
export class ProcessRuntime implements Runtime {
  readonly name = 'process';
  readonly notice = 'not isolated: runs as plain processes of this computer';
  readonly #running = new Set<string>();
  /**
   * Session leaders by box: of commands that run, because a program may overwrite the environment that it shows; where
   * no environment can be looked up, of all commands.
   */
  readonly #leaders = new Map<string, Set<number>>();
  readonly #hostEnv: NodeJS.ProcessEnv;
  readonly #pipes: PipeFactory;

  constructor(hostEnv: NodeJS.ProcessEnv, pipes: PipeFactory) {
    this.#hostEnv = hostEnv;
    this.#pipes = pipes;
  }

  async create(box: BoxSpec): Promise<void> {
    if (box.image !== undefined && path.isAbsolute(box.image)) {
      throw new RuntimeError(
        'bad-image',
        `Plain processes cannot have ${box.image} as their root; leave the image out, or use the bubblewrap runtime`,
      );
    }
    const { home, workspace, temporary } = folders(box);
    for (const dir of [home, workspace, temporary]) await fs.mkdir(dir, { recursive: true, mode: 0o700 });
  }

  async start(box: BoxSpec): Promise<void> {
    await this.create(box);
    if (hasRuntimeFolder) await ensurePrivateDir(folders(box).runtime);
    this.#running.add(box.id);
  }

  async stop(box: BoxSpec): Promise<void> {
    this.#running.delete(box.id);
    const { runtime } = folders(box);
    const known = this.#leaders.get(box.id) ?? [];
    const leaders = new Set([...known, ...(await daemonsOf(runtime))]);
    await endProcesses(() =>
      process.platform === 'linux'
        ? [...new Set([...findByEnvironment(`${MARKER}=${box.id}`), ...findBySession(leaders)])]
        : groups(leaders),
    );
    this.#leaders.delete(box.id);
    await removeTree(runtime);
  }

  isRunning(box: BoxSpec): Promise<boolean> {
    return Promise.resolve(this.#running.has(box.id));
  }

  async remove(box: BoxSpec): Promise<void> {
    await this.stop(box);
    const { home, temporary } = folders(box);
    for (const dir of [home, temporary]) await removeTree(dir);
  }

  async exec(box: BoxSpec, spec: ExecSpec): Promise<BoxProcess> {
    if (!this.#running.has(box.id)) throw new RuntimeError('not-running', `Box ${box.id} is not running`);
    const { home, runtime } = folders(box);
    // Systems clear /tmp of what nobody used for days.
    if (hasRuntimeFolder) await ensurePrivateDir(runtime);
    const cwd = path.resolve(home, spec.workingDir ?? box.workingDir ?? home);
    const problem = await folderProblem(cwd);
    // A child process reports a missing working folder as a missing program.
    if (problem) return failedProcess(`Cannot enter ${cwd}: ${problem}`, NOT_EXECUTABLE);
    const env = this.#environment(box, spec);
    let leader: number | undefined;
    const control = (pid: number): ProcessControl => {
      leader = pid;
      return sessionControl(pid);
    };
    const { argv, terminal } = spec;
    const command = await startHostCommand({ argv, env, cwd, terminal }, this.#pipes, control);
    if (leader !== undefined) this.#track(box, leader, command);
    return command;
  }

  putArchive(box: BoxSpec, target: string, tar: Readable): Promise<void> {
    return putArchive((spec) => this.exec(box, spec), target, tar);
  }

  getArchive(box: BoxSpec, source: string): Promise<Readable> {
    return getArchive((spec) => this.exec(box, spec), source);
  }

  #environment(box: BoxSpec, spec: ExecSpec): Record<string, string> {
    const { home, temporary, runtime } = folders(box);
    const user = userInfo()?.username ?? String(process.getuid?.());
    const inherited = ['PATH', 'SystemRoot', 'ComSpec', 'PATHEXT'].flatMap((name) => {
      const value = this.#hostEnv[name];
      return value === undefined ? [] : [[name, value] as const];
    });
    return {
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      ...Object.fromEntries(inherited),
      HOME: home,
      ...(process.platform === 'win32' && { USERPROFILE: home }),
      TMPDIR: temporary,
      ...(hasRuntimeFolder && { XDG_RUNTIME_DIR: runtime }),
      USER: user,
      LOGNAME: user,
      SHELL: this.#hostEnv['SHELL'] ?? '/bin/sh',
      LANG: LOCALE,
      ...(spec.terminal && { TERM: 'xterm-256color' }),
      ...box.env,
      ...spec.env,
      [MARKER]: box.id,
    };
  }

  #track(box: BoxSpec, leader: number, command: BoxProcess): void {
    const leaders = this.#leaders.get(box.id) ?? new Set();
    this.#leaders.set(box.id, leaders.add(leader));
    if (process.platform !== 'linux') return;
    // From here on the number may come to stand for somebody else's session.
    const forget = (): void => void leaders.delete(leader);
    command.exited.then(forget, forget);
  }
}

interface Folders {
  readonly home: string;
  readonly workspace: string;
  readonly temporary: string;
  /**
   * For the sockets of its programs (XDG Base Directory Specification, $XDG_RUNTIME_DIR). Not in the box's own folder,
   * whose path is too long for a socket (unix(7): 108 bytes); without it all boxes would share what is in /tmp.
   */
  readonly runtime: string;
}

/** Exported for tests. */
export function folders(box: Pick<BoxSpec, 'id' | 'dir'>, platform = process.platform): Folders {
  const runtime = `/tmp/cloud-sandboxes-box-${box.id}`;
  return {
    home: path.join(box.dir, 'home'),
    workspace: path.join(box.dir, 'home', 'workspace'),
    // Programs of macOS have their sockets there, as do an editor's server and our agent.
    temporary: platform === 'darwin' ? runtime : path.join(box.dir, 'tmp'),
    runtime,
  };
}

/** Where no environment can be looked up: leaders of sessions that serve a socket in the box's runtime folder. */
async function daemonsOf(runtime: string): Promise<readonly number[]> {
  if (process.platform === 'linux' || !hasRuntimeFolder) return [];
  return findByCommandLine(`${runtime}/`);
}

/** The groups of which somebody is alive, as the negative numbers that kill(2) takes. */
function groups(leaders: ReadonlySet<number>): number[] {
  return [...leaders].map((pid) => -pid).filter(hasMember);
}

/** A group of zombies has none: macOS answers EPERM for it, which would stand for "alive" with a single process. */
function hasMember(group: number): boolean {
  try {
    process.kill(group, 0);
    return true;
  } catch {
    return false;
  }
}

async function folderProblem(dir: string): Promise<string | undefined> {
  try {
    return (await fs.stat(dir)).isDirectory() ? undefined : 'not a folder';
  } catch (error) {
    return describeError(error);
  }
}
