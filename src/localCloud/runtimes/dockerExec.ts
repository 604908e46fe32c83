/** Commands in a container: started, attached to, signalled. */
import { once } from 'node:events';
import { type Duplex, pipeline, type Readable } from 'node:stream';
import type Docker from 'dockerode';
import { setTimeout as wait } from 'node:timers/promises';
import { abortReason, abortable } from '../../base/async';
import { createDeadline } from '../../base/deadline';
import { printable } from '../../base/errors';
import type { Engine } from './dockerEngine';
import { engineError, hasStatus, isAnswer } from './dockerErrors';
import { RuntimeError } from './errors';
import { OutputDemultiplexer } from './dockerDemultiplexer';
import { launchCommand } from './dockerScripts';
import type { ExecSpec } from './runtime';

const START_TIMEOUT_MS = 30_000;
/** A process id; or, if the engine could not start the command, its explanation. */
const MAX_FIRST_LINE = 4096;
const EXIT_CODE_ATTEMPTS = 40;

/** A command that was started and its connection. Whoever gets it owns the connection. */
export interface AttachedExec {
  readonly exec: Docker.Exec;
  readonly connection: Duplex;
  readonly output: OutputDemultiplexer;
  /** Whether it runs in a terminal. */
  readonly terminal: boolean;
  /** Process id in the box; it leads a session of its own. */
  readonly pid: number;
  /** Settles when the engine ended the connection, which it does once the command ended; rejects if it broke. */
  readonly disconnected: Promise<void>;
}

/** Starts a command in a running container and attaches to it. Rejects with a {@link RuntimeError}. */
export async function launch(engine: Engine, container: string, spec: ExecSpec): Promise<AttachedExec> {
  const late = `The container engine did not start the command within ${START_TIMEOUT_MS / 1000} s`;
  const deadline = createDeadline(START_TIMEOUT_MS, () => new RuntimeError('failed', late));
  let connection: Duplex | undefined;
  try {
    const exec = await createExec(engine, container, spec);
    connection = await engine.streams.getExec(exec.id).start({
      hijack: true,
      stdin: true,
      Tty: spec.terminal !== undefined,
      abortSignal: deadline.signal,
    });
    const attached = attach(connection, spec);
    const pid = await greet(exec, connection, attached.output, spec, deadline.signal);
    return { exec, connection, terminal: spec.terminal !== undefined, pid, ...attached };
  } catch (error) {
    connection?.destroy();
    if (deadline.signal.aborted) throw abortReason(deadline.signal);
    throw await launchError(engine, container, error);
  } finally {
    deadline.dispose();
  }
}

async function createExec(engine: Engine, container: string, spec: ExecSpec): Promise<Docker.Exec> {
  return engine.control.getContainer(container).exec({
    Cmd: launchCommand(spec.argv, spec.terminal !== undefined),
    Env: Object.entries(spec.env).map(([name, value]) => `${name}=${value}`),
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    Tty: spec.terminal !== undefined,
    ...(spec.workingDir === undefined ? {} : { WorkingDir: spec.workingDir }),
  });
}

function attach(connection: Duplex, spec: ExecSpec): Pick<AttachedExec, 'output' | 'disconnected'> {
  const output = new OutputDemultiplexer({ framed: spec.terminal === undefined });
  const disconnected = new Promise<void>((resolve, reject) => {
    pipeline(connection, output, (error) => {
      // A command that ended takes no more input; an HTTP connection would stay half open for it.
      connection.destroy();
      if (error) reject(error);
      else resolve();
    });
  });
  // Its holder may come later than the failure.
  disconnected.catch(() => undefined);
  return { output, disconnected };
}

/** Follows the protocol of {@link launchCommand}; returns the command's process id. */
async function greet(
  exec: Docker.Exec,
  connection: Duplex,
  { stdout, stderr }: OutputDemultiplexer,
  spec: ExecSpec,
  signal: AbortSignal,
): Promise<number> {
  const line = await readLine(stdout, signal);
  const pid = /^([1-9]\d{0,9})\r?\n$/.exec(line)?.[1];
  if (!pid) {
    // Docker explains on stdout, Podman on stderr.
    const reason = printable(line) || printable(await readLine(stderr, signal)) || 'no reason given';
    throw new RuntimeError('failed', `Cannot run a command in the box: ${reason}`);
  }
  if (spec.terminal) {
    await resizeExec(exec, spec.terminal.columns, spec.terminal.rows);
    connection.write('\n');
    // The terminal's echo of that line.
    await readLine(stdout, signal);
  }
  return Number(pid);
}

/** The stream's next line with its end, or what there is of it at the stream's end or at {@link MAX_FIRST_LINE}. */
async function readLine(stream: Readable, signal: AbortSignal): Promise<string> {
  let line = Buffer.alloc(0);
  while (line.length < MAX_FIRST_LINE) {
    const chunk = stream.read() as Buffer | null;
    if (chunk === null) {
      if (stream.readableEnded || stream.destroyed) break;
      await moreOf(stream, signal);
      continue;
    }
    const end = chunk.indexOf('\n') + 1;
    line = Buffer.concat([line, end > 0 ? chunk.subarray(0, end) : chunk]);
    if (end > 0) {
      if (end < chunk.length) stream.unshift(chunk.subarray(end));
      break;
    }
  }
  return line.toString();
}

async function moreOf(stream: Readable, signal: AbortSignal): Promise<void> {
  const settled = new AbortController();
  const options = { signal: settled.signal };
  try {
    await abortable(Promise.race([once(stream, 'readable', options), once(stream, 'end', options)]), signal);
  } finally {
    // Takes the other listener away: one for 'readable' would keep the stream from flowing.
    settled.abort();
  }
}

async function launchError(engine: Engine, container: string, error: unknown): Promise<RuntimeError> {
  if (error instanceof RuntimeError) return error;
  if (hasStatus(error, 404)) {
    return new RuntimeError('gone', 'The container of this box no longer exists; delete the box', {
      cause: error,
    });
  }
  // Podman 4 answers 500 where others answer 409.
  if (hasStatus(error, 409) || (isAnswer(error) && !(await isRunning(engine, container)))) {
    return new RuntimeError('not-running', 'This box is not running; start it', { cause: error });
  }
  return engineError('run the command', error);
}

/** True also where that cannot be found out. */
async function isRunning(engine: Engine, container: string): Promise<boolean> {
  const looked = engine.control.getContainer(container).inspect();
  return looked.then(
    ({ State: state }) => state.Running,
    () => true,
  );
}

/** Sets the size of a command's terminal. */
export async function resizeExec(exec: Docker.Exec, columns: number, rows: number): Promise<void> {
  try {
    await exec.resize({ w: columns, h: rows });
  } catch (error) {
    // Podman's answer for success, which dockerode does not expect.
    if (!hasStatus(error, 201)) throw error;
  }
}

/**
 * The exit code of a command whose connection ended, 128 + n for one that signal n ended; undefined if it went with
 * its container. The engine may end the connection a moment before it knows the code. Rejects if the
 * command still runs: then only the connection broke.
 */
export async function exitCodeOf(exec: Docker.Exec): Promise<number | undefined> {
  for (let attempt = 0; attempt < EXIT_CODE_ATTEMPTS; attempt++) {
    try {
      const state = await exec.inspect();
      if (!state.Running && state.ExitCode !== null) return state.ExitCode;
    } catch (cause) {
      if (hasStatus(cause, 404)) return undefined;
      throw new RuntimeError('failed', 'Lost the container engine while a command ran in the box', { cause });
    }
    await wait(Math.min(250, 5 * 2 ** attempt));
  }
  throw new RuntimeError('failed', 'Lost the connection to a command in the box');
}

/**
 * Runs a command in the container and returns the first line it writes. Does not wait for its end: the engine tells
 * of no end in a container while the last output of another command there is unread.
 */
export async function askInBox(
  engine: Engine,
  container: string,
  command: Pick<Docker.ExecCreateOptions, 'Cmd' | 'User'>,
): Promise<string> {
  const abortSignal = AbortSignal.timeout(START_TIMEOUT_MS);
  const { id } = await engine.control
    .getContainer(container)
    .exec({ ...command, AttachStdout: true, AttachStderr: true });
  const answer = await engine.streams.getExec(id).start({ hijack: false, stdin: false, abortSignal });
  try {
    const output = new OutputDemultiplexer({ framed: true });
    pipeline(answer, output, () => undefined);
    return (await readLine(output.stdout, abortSignal)).trim();
  } finally {
    answer.destroy();
  }
}
