import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Readable, type Writable } from 'node:stream';
import * as v from 'valibot';
import { delay, settlesWithin } from '../../base/async';
import { describeError, printable } from '../../base/errors';
import { RuntimeError } from './errors';
import { READY_LINE } from './namespaces';
import { endProcesses } from './processes';
import { listNamespace, sendSignal } from '../../processes/procfs';

/** A box is ready in milliseconds; this is for a computer that does not get to it. */
const START_MS = 15_000;
/** From the end of a box's first process until nothing of it is left. */
const END_MS = 5_000;
const END_CHECK_MS = 20;
const MAX_MESSAGE_BYTES = 4096;

const status = v.object({ 'child-pid': v.pipe(v.number(), v.integer(), v.minValue(2)) });

/** The namespaces of a running box. They last as long as bwrap, which dies with this process. */
export class NamespaceBox {
  /** The box's first process, by its number on the host. */
  readonly pid: number;
  readonly #bwrap: ChildProcess;
  /** The processes that keep the box; all others are its user's. */
  readonly #keepers: ReadonlySet<number>;

  private constructor(bwrap: ChildProcess, pid: number) {
    this.#bwrap = bwrap;
    this.pid = pid;
    this.#keepers = new Set(listNamespace(pid));
  }

  /** Resolves once everything is mounted. Throws a {@link RuntimeError} with bwrap's own words. */
  static async start(program: string, args: readonly string[]): Promise<NamespaceBox> {
    // A session of its own: Ctrl-C in the server's terminal is for the server to act on.
    const bwrap = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      detached: true,
      env: {},
    });
    // Told by `failure`, or by the lack of pipes (EMFILE).
    bwrap.on('error', () => undefined);
    const [, output, errors, statusPipe] = (bwrap.stdio as typeof bwrap.stdio | undefined) ?? [];
    if (!output || !errors || !isReadable(statusPipe)) {
      throw new RuntimeError('failed', 'bwrap cannot be started: too many open files');
    }
    const limit = new AbortController();
    try {
      const pid = await Promise.race([
        readyPid(output, statusPipe),
        failure(bwrap, collect(errors)),
        delay(START_MS, limit.signal).then(() => {
          throw new RuntimeError('failed', `bwrap did not make the box within ${START_MS / 1000} s`);
        }),
      ]);
      return new NamespaceBox(bwrap, pid);
    } catch (error) {
      bwrap.kill('SIGKILL');
      throw error;
    } finally {
      limit.abort();
    }
  }

  get isRunning(): boolean {
    return this.#bwrap.exitCode === null && this.#bwrap.signalCode === null;
  }

  /**
   * Ends every process of the box: each may say goodbye, then all at once. `entered`: the processes outside that have
   * children in it. The kernel keeps the box until each has seen its child end, for which it must not be stopped.
   * Throws a {@link RuntimeError} if something is left of it.
   */
  async stop(entered: ReadonlySet<number>): Promise<void> {
    if (!this.isRunning) return;
    const exited = once(this.#bwrap, 'exit');
    await endProcesses(() => listNamespace(this.pid).filter((pid) => !this.#keepers.has(pid)));
    // The kernel ends a process namespace with its first process.
    sendSignal(this.pid, 'SIGKILL');
    for (const end = Date.now() + END_MS; !(await settlesWithin(exited, END_CHECK_MS));) {
      if (Date.now() > end) throw new RuntimeError('failed', 'The box does not end, not even by SIGKILL');
      for (const pid of entered) sendSignal(pid, 'SIGCONT');
    }
  }
}

async function readyPid(output: Readable, statusPipe: Readable): Promise<number> {
  const [pid] = await Promise.all([readPid(statusPipe), readReady(output)]);
  return pid;
}

/** bwrap writes one JSON document a line; the first names the child. */
async function readPid(statusPipe: Readable): Promise<number> {
  const line = await readLine(statusPipe);
  return v.parse(status, JSON.parse(line))['child-pid'];
}

async function readReady(output: Readable): Promise<void> {
  const line = await readLine(output);
  if (line !== READY_LINE) throw new RuntimeError('failed', `The box's shell said ${printable(line)}`);
}

/** The first line; what follows is thrown away, so that the writer never blocks. */
function readLine(stream: Readable): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    stream.on('data', (chunk: Buffer) => {
      if (text.includes('\n') || text.length > MAX_MESSAGE_BYTES) return;
      text += chunk.toString('utf8');
      const [line, rest] = text.split('\n', 2);
      if (rest !== undefined) resolve(line ?? '');
    });
    stream.once('error', reject);
    // The reason comes with bwrap's exit; this only must not win over it.
    stream.once('close', () =>
      setTimeout(() => reject(new RuntimeError('failed', 'bwrap ended early')), 1_000).unref(),
    );
  });
}

async function failure(bwrap: ChildProcess, message: Promise<string>): Promise<never> {
  const ended = once(bwrap, 'exit');
  try {
    await ended;
  } catch (cause) {
    throw new RuntimeError('unavailable', `Cannot run bwrap: ${describeError(cause)}`, { cause });
  }
  throw new RuntimeError(
    'failed',
    `Cannot make the box: ${printable(await message) || 'bwrap ended without a word'}`,
  );
}

async function collect(stream: Readable): Promise<string> {
  let text = '';
  stream.on('data', (chunk: Buffer) => {
    if (text.length < MAX_MESSAGE_BYTES) text += chunk.toString('utf8');
  });
  await once(stream, 'close');
  return text;
}

function isReadable(stream: Readable | Writable | null | undefined): stream is Readable {
  return stream instanceof Readable;
}
