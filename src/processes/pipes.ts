import { spawn, execFile } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { Socket } from 'node:net';
import * as path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { promisify } from 'node:util';
import { describeError, errnoOf } from '../base/errors';
import type { Logger } from '../base/logger';

const { O_NONBLOCK, O_RDONLY, O_WRONLY } = fs.constants;
/** Commands that there are pipes for ahead of time; each takes six descriptors. */
const RESERVE = 6;
const COMMANDS_PER_BATCH = 2;
const PIPES_PER_COMMAND = 3;
const BATCH_LIMIT_MS = 5_000;
/** More are made only then, since the command that took some is about to start, which that would hold up. */
const REFILL_AFTER_MS = 20;

/** What is over once others have let go of theirs: open files, processes, memory. */
const PASSING_ERRORS: ReadonlySet<string | undefined> = new Set(['EMFILE', 'ENFILE', 'EAGAIN', 'ENOMEM']);

/** The three pipes of a command. */
export interface CommandPipes {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** The command's ends, for `stdio` of spawn(). */
  readonly ends: readonly [stdin: number, stdout: number, stderr: number];
  /** To be called once the command has its ends, or will never have them. */
  closeEnds(): void;
  /** To be called, in place of that, where no command will use the pipes. */
  destroy(): void;
}

/** A pipe's descriptors: ours does not block, the command's does. */
interface Pipe {
  readonly ours: number;
  readonly theirs: number;
}

type PipeSet = readonly [stdin: Pipe, stdout: Pipe, stderr: Pipe];

/** Pipes that can be opened by name until they are released. */
interface NamedPipes {
  readonly names: readonly string[];
  release(): void;
}

/**
 * Makes pipes. What Node calls a pipe is a socket, on which a command cannot open /dev/stdout (ENXIO), and bash takes
 * one for a network connection. Node has no pipe(2) either, so another program makes them, a few ahead of time.
 */
export class PipeFactory {
  readonly #dir: string;
  readonly #log: Logger;
  readonly #ready: PipeSet[] = [];
  #refill: Promise<boolean> | undefined;
  #refilling: NodeJS.Timeout | undefined;
  #isBroken = process.platform === 'win32';

  /** `dir` is this factory's alone and is emptied. */
  constructor(dir: string, log: Logger) {
    this.#dir = dir;
    this.#log = log;
    fs.rmSync(dir, { recursive: true, force: true });
  }

  /** Undefined where no program makes pipes, or none can be had now: Node's own must do. */
  async take(): Promise<CommandPipes | undefined> {
    let set = this.#ready.pop();
    while (!set && !this.#isBroken && (await this.#more())) set = this.#ready.pop();
    clearTimeout(this.#refilling);
    this.#refilling = setTimeout(() => this.#refillReserve(), REFILL_AFTER_MS).unref();
    return set && toStreams(set);
  }

  #refillReserve(): void {
    if (this.#ready.length < RESERVE && !this.#isBroken) void this.#more();
  }

  /** Resolves with whether that worked; never rejects. */
  #more(): Promise<boolean> {
    this.#refill ??= this.#make().finally(() => (this.#refill = undefined));
    return this.#refill;
  }

  async #make(): Promise<boolean> {
    try {
      do {
        const pipes = await (process.platform === 'linux' ? shellPipes() : namedPipes(this.#dir));
        try {
          for (let at = 0; at < pipes.names.length; at += PIPES_PER_COMMAND) {
            this.#ready.push(openSet(pipes.names.slice(at, at + PIPES_PER_COMMAND)));
          }
        } finally {
          pipes.release();
        }
      } while (this.#ready.length < RESERVE);
      return true;
    } catch (error) {
      this.#log.warn(`Commands get sockets in place of pipes: ${describeError(error)}`);
      this.#isBroken = !PASSING_ERRORS.has(errnoOf(error));
      return false;
    }
  }
}

/**
 * Linux: the pipes of a shell's here-documents, opened through its /proc entries. Named pipes will not do here:
 * opening /dev/stdin on one waits for a writer, for ever if the input has ended.
 */
async function shellPipes(): Promise<NamedPipes> {
  const numbers = Array.from({ length: COMMANDS_PER_BATCH * PIPES_PER_COMMAND }, (_, i) => i + 3);
  const script = `exec ${numbers.map((n) => `${n}<<E`).join(' ')}\n${'E\n'.repeat(numbers.length)}echo; read end`;
  const shell = spawn('/bin/sh', ['-c', script], {
    stdio: ['pipe', 'pipe', 'ignore'],
    timeout: BATCH_LIMIT_MS,
  });
  const release = (): void => void shell.kill('SIGKILL');
  try {
    const failed = once(shell, 'exit').then(() => Promise.reject(new Error('the shell ended')));
    failed.catch(() => undefined);
    // Without descriptors for it there is none.
    const output = shell.stdout as Readable | undefined;
    await Promise.race([failed, ...(output ? [once(output, 'data')] : [])]);
    const names = numbers.map((n) => `/proc/${shell.pid ?? 0}/fd/${n}`);
    if (names.every((name) => fs.statSync(name).isFIFO())) return { names, release };
    throw new Error("the shell's here-documents are no pipes");
  } catch (error) {
    release();
    throw error;
  }
}

/** Other systems: named pipes, whose names are removed as soon as they are open. */
async function namedPipes(dir: string): Promise<NamedPipes> {
  fs.mkdirSync(dir, { recursive: true, mode: 0o700 });
  const names = Array.from({ length: COMMANDS_PER_BATCH * PIPES_PER_COMMAND }, (_, i) =>
    path.join(dir, String(i)),
  );
  await promisify(execFile)('mkfifo', ['-m', '600', ...names], { timeout: BATCH_LIMIT_MS });
  return { names, release: () => names.forEach((name) => fs.rmSync(name, { force: true })) };
}

function openSet(names: readonly string[]): PipeSet {
  const opened: number[] = [];
  const open = (name: string, flags: number): number => {
    const fd = fs.openSync(name, flags);
    opened.push(fd);
    return fd;
  };
  const [input = '', output = '', errors = ''] = names;
  try {
    // Opening one end waits for the other, unless it does not block; the command's own ends must block.
    const holder = open(input, O_RDONLY | O_NONBLOCK);
    const set: PipeSet = [
      { ours: open(input, O_WRONLY | O_NONBLOCK), theirs: open(input, O_RDONLY) },
      { ours: open(output, O_RDONLY | O_NONBLOCK), theirs: open(output, O_WRONLY) },
      { ours: open(errors, O_RDONLY | O_NONBLOCK), theirs: open(errors, O_WRONLY) },
    ];
    fs.closeSync(holder);
    return set;
  } catch (error) {
    for (const fd of opened) fs.closeSync(fd);
    throw error;
  }
}

function toStreams([stdin, stdout, stderr]: PipeSet): CommandPipes {
  const ends = [stdin.theirs, stdout.theirs, stderr.theirs] as const;
  const closeEnds = (): void => ends.forEach((fd) => fs.closeSync(fd));
  const streams = {
    stdin: socketOn(stdin.ours, 'write'),
    stdout: socketOn(stdout.ours, 'read'),
    stderr: socketOn(stderr.ours, 'read'),
  };
  return {
    ...streams,
    ends,
    closeEnds,
    destroy: () => {
      closeEnds();
      for (const stream of Object.values(streams)) stream.destroy();
    },
  };
}

/** Our end of a pipe as a stream. The command may close its end at any time, which is no error of ours. */
function socketOn(fd: number, use: 'read' | 'write'): Socket {
  return new Socket({ fd, readable: use === 'read', writable: use === 'write' }).on('error', () => undefined);
}
