import type { ChildProcess, StdioOptions } from 'node:child_process';
import * as fs from 'node:fs';
import { constants } from 'node:os';
import { PassThrough, type Readable, type Writable } from 'node:stream';
import { createDeferred } from '../base/async';
import { describeError, errnoOf } from '../base/errors';
import type { CommandPipes, PipeFactory } from './pipes';

/** Bytes of output held per stream before the command is; also the size of one step of the pipeline. */
const PIPE_BYTES = 256 * 1024;

/** A command that was started by this program. Its streams are bytes; none is decoded. */
export interface HostProcess {
  readonly stdin: Writable;
  /** With a terminal, everything comes here. Not reading it holds the command. */
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** The exit code; negative: the number of the signal that ended it. Settles once the command itself ended. */
  readonly exited: Promise<number>;
  resize(columns: number, rows: number): void;
  /** Sends a signal to the command's process group. */
  signal(number: number): void;
  /** SIGKILL to the command and everything in its session. A daemon with a session of its own lives on. */
  kill(): void;
}

/** How a command's processes are reached; differs by runtime. */
export interface ProcessControl {
  signal(number: number): void;
  kill(): void;
}

/** Starts the command's process with these as its input and outputs. */
export type SpawnChild = (stdio: StdioOptions) => ChildProcess;

/** Starts a command without a terminal. `controlOf` is asked once its process's id is known. */
export async function startCommand(
  spawnChild: SpawnChild,
  factory: PipeFactory,
  controlOf: (pid: number) => ProcessControl,
): Promise<HostProcess> {
  const pipes = await factory.take();
  try {
    const child = spawnChild(pipes ? [...pipes.ends] : 'pipe');
    const control = child.pid === undefined ? NO_PROCESS : controlOf(child.pid);
    return pipes ? pipedProcess(child, pipes, control) : nodePipedProcess(child, control);
  } catch (error) {
    // What Node does not tell by an event, such as E2BIG and ENOEXEC.
    pipes?.destroy();
    if (errnoOf(error) === undefined) throw error;
    return failedProcess(describeError(error), failureCode(error));
  }
}

/** Reaches nothing. */
export const NO_PROCESS: ProcessControl = { signal: () => undefined, kill: () => undefined };

function pipedProcess(child: ChildProcess, pipes: CommandPipes, control: ProcessControl): HostProcess {
  const exited = createDeferred<number>();
  child.once('spawn', () => pipes.closeEnds());
  child.once('exit', (code, signal) => {
    // As Node does with its own pipes: nothing else would tell us that nobody reads it any more.
    pipes.stdin.destroy();
    exited.resolve(exitCode(code, signal));
  });
  child.once('error', (error) => {
    if (child.pid !== undefined) return;
    fs.writeSync(pipes.ends[2], `${describeError(error)}\n`);
    pipes.stdin.destroy();
    pipes.closeEnds();
    exited.resolve(failureCode(error));
  });
  const { stdin, stdout, stderr } = pipes;
  return { stdin, stdout, stderr, exited: exited.promise, resize: () => undefined, ...control };
}

/** Exit codes of a command that could not run: POSIX shell, "Exit Status for Commands". */
export const NOT_EXECUTABLE = 126;
export const NOT_FOUND = 127;

/** A child process with Node's own pipes as a {@link HostProcess}. */
export function nodePipedProcess(child: ChildProcess, control: ProcessControl): HostProcess {
  const { stdin, stdout, stderr } = child;
  if (!stdin || !stdout || !stderr) {
    // EMFILE or ENFILE, which the child also tells by an event: it was not started.
    child.once('error', () => undefined);
    return failedProcess('Too many open files', NOT_EXECUTABLE);
  }
  const exited = createDeferred<number>();
  const output = held(stdout);
  const errors = held(stderr);
  ignoreBrokenPipe(stdin);
  child.once('exit', (code, signal) => exited.resolve(exitCode(code, signal)));
  child.once('error', (error) => {
    // Only a failed start leaves no pid; other errors concern messages and signals that nobody sends here.
    if (child.pid !== undefined) return;
    output.end();
    errors.end(`${describeError(error)}\n`);
    exited.resolve(failureCode(error));
  });
  return {
    stdin,
    stdout: output,
    stderr: errors,
    exited: exited.promise,
    resize: () => undefined,
    signal: (number) => control.signal(number),
    kill: () => control.kill(),
  };
}

function failureCode(error: unknown): number {
  return errnoOf(error) === 'ENOENT' ? NOT_FOUND : NOT_EXECUTABLE;
}

/** Negative signal number, as {@link HostProcess.exited} says. */
function exitCode(code: number | null, signal: NodeJS.Signals | null): number {
  return signal === null ? (code ?? 0) : -constants.signals[signal];
}

/** A command that could not be started, told the way a shell would. */
export function failedProcess(message: string, code: number): HostProcess {
  const output = new PassThrough();
  const errors = new PassThrough();
  output.end();
  errors.end(`${message}\n`);
  return {
    stdin: new PassThrough().resume(),
    stdout: output,
    stderr: errors,
    exited: Promise.resolve(code),
    resize: () => undefined,
    signal: () => undefined,
    kill: () => undefined,
  };
}

/**
 * Node discards what is unread in a child's pipes when the child exits; a stream of our own between keeps it until
 * somebody attaches, and holds the command while nobody reads.
 */
function held(source: Readable): PassThrough {
  const target = new PassThrough({ highWaterMark: PIPE_BYTES });
  source.on('error', () => target.end());
  // A reader that went away must not leave the command blocked on a full pipe.
  target.on('close', () => source.destroy());
  return source.pipe(target);
}

/** The command may close its input or end at any time; what is written afterwards is lost, as in a shell's pipe. */
function ignoreBrokenPipe(stdin: Writable): void {
  stdin.on('error', () => undefined);
}
