import * as fs from 'node:fs';
import { Readable, Writable, PassThrough } from 'node:stream';
import type * as nodePty from '@lydell/node-pty';
import { createDeferred } from '../../base/async';
import { describeError, errnoOf } from '../../base/errors';
import { isAlive } from '../../base/processes';
import { NOT_FOUND, failedProcess, type ProcessControl } from '../../processes/hostProcess';
import { RuntimeError } from './errors';
import type { BoxProcess } from './runtime';

/** Output held for a slow reader before the terminal is paused. */
const OUTPUT_BYTES = 1024 * 1024;
/** Wait before a terminal that may not close yet looks again: doubles from the first to the second value. */
const CLOSE_CHECK_MS = { first: 1, last: 32 };
/** More than a kernel holds of a terminal's output. */
const MAX_REST_BYTES = 256 * 1024;
/** Wait before input that did not fit is offered again: doubles from the first to the second value. */
const RETRY_MS = { first: 1, last: 32 };
/** Control-D: the default VEOF character of termios(3). */
const END_OF_INPUT = '\u0004';

export interface PtyCommand {
  readonly argv: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly columns: number;
  readonly rows: number;
}

/** Starts a command in a pseudo-terminal of this computer. `control` is made once the process's id is known. */
export async function ptyProcess(
  command: PtyCommand,
  control: (pid: number) => ProcessControl,
): Promise<BoxProcess> {
  const { spawn } = await loadPty();
  const [file, ...args] = command.argv;
  let pty: nodePty.IPty;
  try {
    pty = spawn(file, args, {
      cwd: command.cwd,
      env: command.env,
      cols: command.columns,
      rows: command.rows,
      name: command.env['TERM'] ?? 'xterm-256color',
      encoding: null,
    });
  } catch (error) {
    return failedProcess(describeError(error), NOT_FOUND);
  }
  return new PtyProcess(pty, control(pty.pid));
}

/**
 * Loads what makes terminals. To be called while the program's folder is there: an update of the extension removes it,
 * and a server outlives that. Rejects with a {@link RuntimeError} where there is no native part for this platform.
 */
export async function loadPty(): Promise<Pick<typeof nodePty, 'spawn'>> {
  try {
    return await import('@lydell/node-pty');
  } catch (cause) {
    const message = `The local cloud cannot make terminals (${describeError(cause)}); if the extension was updated, stop the sandboxes of this computer and start one again ten minutes later`;
    throw new RuntimeError('unsupported', message, { cause });
  }
}

class PtyProcess implements BoxProcess {
  readonly stdin: Writable;
  readonly stdout: PtyOutput;
  readonly stderr: Readable = new PassThrough().end();
  readonly exited: Promise<number>;
  readonly #pty: nodePty.IPty;
  readonly #control: ProcessControl;
  #ended = false;

  constructor(pty: nodePty.IPty, control: ProcessControl) {
    this.#pty = pty;
    this.#control = control;
    const exited = createDeferred<number>();
    this.exited = exited.promise;
    this.stdout = new PtyOutput(pty);
    this.stdin = new PtyInput(pty);
    pty.onExit(({ exitCode, signal }) => {
      this.#ended = true;
      this.stdout.push(null);
      this.stdin.destroy();
      exited.resolve(signal ? -signal : exitCode);
    });
  }

  resize(columns: number, rows: number): void {
    if (this.#ended) return;
    try {
      this.#pty.resize(columns, rows);
    } catch (error) {
      // The terminal closed between the process's end and our notice of it.
      if (!/EBADF|ENOTTY|ioctl/.test(describeError(error))) throw error;
    }
  }

  signal(number: number): void {
    if (!this.#ended) this.#control.signal(number);
  }

  kill(): void {
    if (this.#ended) return;
    this.#control.kill();
    this.stdout.abandon();
  }
}

/** Output of a terminal, which is paused while its reader is behind. */
class PtyOutput extends Readable {
  readonly #pty: nodePty.IPty;
  #isHeld = false;
  #isAbandoned = false;

  constructor(pty: nodePty.IPty) {
    super({ highWaterMark: OUTPUT_BYTES });
    this.#pty = pty;
    this.#closeInTime();
    // The typings promise strings; with `encoding: null` it is bytes.
    pty.onData((data: string | Buffer) => {
      if (this.destroyed || this.push(data)) return;
      this.#isHeld = true;
      pty.pause();
    });
  }

  /** What has not been read does not keep the terminal open any more. */
  abandon(): void {
    this.#isAbandoned = true;
  }

  override _read(): void {
    this.#release();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    // Nobody reads any more, but the command must not block on a full terminal.
    this.abandon();
    this.#release();
    callback(error);
  }

  #release(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#pty.resume();
  }

  /**
   * A terminal is closed too early. Its process may have closed it and not ended yet, as coreutils do at their exit:
   * the closing would hang it up (SIGHUP). And libuv takes a hang-up for the end after one more read of 4 KiB, and
   * node-pty waits 200 ms, whether the reader is behind or not. So this puts the closing off until the process has
   * ended and the reader has caught up, and then takes what the kernel still holds.
   */
  #closeInTime(): void {
    const master = undeclared(this.#pty);
    if (!master) return;
    const { fd, _socket: socket } = master;
    const destroy = socket.destroy.bind(socket);
    let waitMs = CLOSE_CHECK_MS.first;
    socket.destroy = (error) => {
      const isBehind = this.#isHeld || socket.readableLength > 0;
      if (!this.#isAbandoned && (isBehind || isAlive(this.#pty.pid))) {
        setTimeout(() => socket.destroy(error), waitMs);
        waitMs = Math.min(waitMs * 2, CLOSE_CHECK_MS.last);
        return;
      }
      if (!this.destroyed && !socket.destroyed) for (const chunk of readRest(fd)) this.push(chunk);
      destroy(error);
    };
  }
}

/** What can be read from a terminal without waiting. */
function* readRest(fd: number): Generator<Buffer> {
  for (let total = 0; total < MAX_REST_BYTES;) {
    const chunk = Buffer.alloc(64 * 1024);
    let length: number;
    try {
      length = fs.readSync(fd, chunk);
    } catch {
      return; // EAGAIN: nothing more now; EIO: all who had it open are gone
    }
    if (length === 0) return;
    total += length;
    yield chunk.subarray(0, length);
  }
}

/**
 * Input of a terminal. node-pty's own write() spins in libuv while the terminal is full, which stops the whole
 * server; so this writes to the descriptor itself, which does not block, and waits when it is full.
 */
class PtyInput extends Writable {
  readonly #pty: nodePty.IPty;
  #fd: number | undefined;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(pty: nodePty.IPty) {
    super();
    this.#pty = pty;
    const master = undeclared(pty);
    if (!master) return;
    this.#fd = master.fd;
    // The number belongs to another file as soon as the terminal is closed.
    master.on('close', () => (this.#closed = true));
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#send(chunk, RETRY_MS.first, callback);
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#send(Buffer.from(END_OF_INPUT), RETRY_MS.first, callback);
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    clearTimeout(this.#timer);
    callback(error);
  }

  #send(chunk: Buffer, waitMs: number, callback: (error?: Error | null) => void): void {
    if (this.destroyed) {
      callback();
      return;
    }
    const written = this.#offer(chunk);
    if (written === chunk.length) {
      callback();
      return;
    }
    const nextMs = written > 0 ? RETRY_MS.first : Math.min(waitMs * 2, RETRY_MS.last);
    this.#timer = setTimeout(() => this.#send(chunk.subarray(written), nextMs, callback), waitMs);
  }

  /** Bytes that the terminal took; what a closed one is sent counts as taken. */
  #offer(chunk: Buffer): number {
    if (this.#closed) return chunk.length;
    if (this.#fd === undefined) {
      this.#pty.write(chunk.toString('utf8'));
      return chunk.length;
    }
    try {
      return fs.writeSync(this.#fd, chunk);
    } catch (error) {
      return errnoOf(error) === 'EAGAIN' ? 0 : chunk.length;
    }
  }
}

interface PtyMaster {
  readonly fd: number;
  readonly _socket: {
    destroy: (error?: Error) => void;
    readonly destroyed: boolean;
    readonly readableLength: number;
  };
  on(event: 'close', listener: () => void): void;
}

/** What node-pty's terminals have on POSIX systems but its typings do not declare. */
function undeclared(pty: nodePty.IPty): PtyMaster | undefined {
  const candidate: Partial<PtyMaster> = pty as object;
  return typeof candidate.fd === 'number' &&
    typeof candidate.on === 'function' &&
    candidate._socket !== undefined
    ? (candidate as PtyMaster)
    : undefined;
}
