/** An SSH server as the real OpenSSH clients reach it: by a configuration file and a name in it. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import * as pty from '@lydell/node-pty';
import type { TerminalSize } from '../../src/cloud/provider';
import { eventually } from './eventually';
import { readAll } from './remoteProcess';

/** What a program that ran to its end has left. */
export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export abstract class SshHost {
  readonly #children = new Set<ChildProcess>();

  /** Its name in {@link configFile}. */
  abstract get alias(): string;
  abstract get configFile(): string;

  /** Starts a program such as ssh, scp or sftp with our configuration. Ended with the host, if not before. */
  spawn(program: string, args: readonly string[], options?: SpawnOptions): ChildProcess {
    return this.spawnPlain(program, ['-F', this.configFile, ...args], options);
  }

  /** Starts a program that has its own way to be given a configuration. */
  spawnPlain(program: string, args: readonly string[], options: SpawnOptions = {}): ChildProcess {
    const child = spawn(program, args, options);
    this.#children.add(child);
    child.once('close', () => this.#children.delete(child));
    return child;
  }

  /** Runs a program such as ssh with our configuration to its end; `input` is all of its stdin. */
  run(program: string, args: readonly string[], input: string | Buffer = ''): Promise<Outcome> {
    return this.runPlain(program, ['-F', this.configFile, ...args], input);
  }

  /** Runs a program that has its own way to be given a configuration. */
  async runPlain(program: string, args: readonly string[], input: string | Buffer = ''): Promise<Outcome> {
    const child = this.spawnPlain(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    child.stdin!.on('error', () => undefined); // it may end without reading all
    child.stdin!.end(input);
    const [stdout, stderr, [code, signal]] = await Promise.all([
      readAll(child.stdout!),
      readAll(child.stderr!),
      once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>,
    ]);
    return { code, signal, stdout, stderr: stderr.toString() };
  }

  /** Runs a command line in the sandbox. */
  ssh(command: string, input: string | Buffer = ''): Promise<Outcome> {
    return this.run('ssh', [this.alias, command], input);
  }

  /** Opens an interactive ssh on a terminal of this computer. Its owner ends it. */
  openTerminal({ columns, rows }: TerminalSize, args: readonly string[] = []): Terminal {
    return new Terminal(
      pty.spawn('ssh', ['-F', this.configFile, '-tt', this.alias, ...args], {
        name: 'xterm-test',
        cols: columns,
        rows,
        env: { ...process.env, TERM: 'xterm-test' },
      }),
    );
  }

  /** Ends the programs that were started and have not ended. */
  async endChildren(): Promise<void> {
    for (const child of this.#children) await endChild(child);
  }
}

/** How often a child is told to end. */
const ASK_AGAIN_MS = 100;

/**
 * Ends a child process, if it has not ended, and waits until it has. A signal that comes just before ssh begins to
 * wait for packets is noticed with the next packet only, so it is sent until it works.
 */
export async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill();
  const timer = setInterval(() => child.kill(), ASK_AGAIN_MS);
  try {
    await ended;
  } finally {
    clearInterval(timer);
  }
}

/** An ssh on a terminal, as a person at the keyboard sees it. */
export class Terminal {
  #screen = '';
  readonly exited: Promise<number>;

  constructor(readonly pty: pty.IPty) {
    pty.onData((data) => (this.#screen += data));
    this.exited = new Promise((resolve) => pty.onExit(({ exitCode }) => resolve(exitCode)));
  }

  /** All that was shown so far. */
  get screen(): string {
    return this.#screen;
  }

  type(keys: string): void {
    this.pty.write(keys);
  }

  /** Waits until the screen shows it. */
  async shows(pattern: RegExp): Promise<void> {
    await eventually(() => assert.match(this.#screen, pattern), 10_000);
  }

  /** Types it again and again until the screen shows the pattern. */
  async showsAfter(keys: string, pattern: RegExp): Promise<void> {
    await eventually(async () => {
      this.type(keys);
      await eventually(() => assert.match(this.#screen, pattern), 500);
    }, 10_000);
  }
}
