/** The WebSocket of an attached client (BoxLite, openapi/box.openapi.yaml, attachExecution). */
import type { Readable } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import { describeError } from '../base/errors';
import { ApiError } from './apiError';
import type { TrackedExecution } from './executions';
import { checkSignal, schemas, validate } from './requests';

const CHANNEL = { stdout: 1, stderr: 2 } as const;
/** Bytes sent and not yet taken by the peer at which output is held. */
const HIGH_WATER_BYTES = 1024 * 1024;
const PING_MS = 15_000;
/** Silence after which the peer counts as lost. */
const LOST_MS = 45_000;
/** How often a peer that we do not read from is tried: nothing else would tell that it is gone. */
const HELD_PING_MS = 1_500;
/** After its end a command's output may stay open: a background process of it holds it. This long without any. */
const DRAIN_MS = 2_000;
const NORMAL_CLOSURE = 1000;
const POLICY_VIOLATION = 1008;

export interface AttachOptions {
  /** An observer: what it sends is refused. */
  readonly readOnly: boolean;
}

/** Joins an open WebSocket with an execution until either ends. Lets go of the execution when the socket closes. */
export class Attachment {
  readonly #ws: WebSocket;
  readonly #execution: TrackedExecution;
  readonly #options: AttachOptions;
  readonly #open: Set<Readable>;
  readonly #undo: (() => void)[] = [];
  #heard = Date.now();
  /** Output went out since the peer was heard: it may hold its pings unread behind that. */
  #outputUnconfirmed = false;
  #inputHeld = false;
  #outputHeld = false;
  #exitCode: number | undefined;
  #drain: NodeJS.Timeout | undefined;
  #done = false;

  constructor(ws: WebSocket, execution: TrackedExecution, options: AttachOptions) {
    this.#ws = ws;
    this.#execution = execution;
    this.#options = options;
    const { stdout, stderr } = execution.process;
    this.#open = new Set([stdout, stderr].filter((stream) => !isOver(stream)));
    execution.attach();
    this.#keepAlive();
    ws.on('message', (data, isBinary) => this.#receive(data, isBinary));
    // A broken connection also closes; there is nothing else to do about it.
    ws.on('error', () => undefined);
    ws.on('close', () => this.#detach());
    this.#forward(stdout, CHANNEL.stdout);
    this.#forward(stderr, CHANNEL.stderr);
    void execution.process.exited.then((code) => {
      this.#exitCode = code;
      this.#finishIfOver();
    });
  }

  #forward(stream: Readable, channel: number): void {
    if (!this.#open.has(stream)) return;
    const onData = (chunk: Buffer): void => this.#sendOutput(channel, chunk);
    const onEnd = (): void => {
      this.#open.delete(stream);
      this.#finishIfOver();
    };
    // The last client's detaching paused it.
    stream.on('data', onData).once('end', onEnd).once('close', onEnd).resume();
    this.#undo.push(() => stream.off('data', onData).off('end', onEnd).off('close', onEnd).pause());
  }

  #sendOutput(channel: number, chunk: Buffer): void {
    const frame = Buffer.allocUnsafe(chunk.length + 1);
    frame[0] = channel;
    chunk.copy(frame, 1);
    this.#outputUnconfirmed = true;
    this.#ws.send(frame, () => this.#releaseOutput());
    if (this.#ws.bufferedAmount >= HIGH_WATER_BYTES) this.#holdOutput();
    else if (this.#exitCode !== undefined) this.#armDrain();
  }

  #holdOutput(): void {
    this.#outputHeld = true;
    clearTimeout(this.#drain);
    for (const stream of this.#open) stream.pause();
  }

  #releaseOutput(): void {
    if (!this.#outputHeld || this.#done || this.#ws.bufferedAmount > HIGH_WATER_BYTES / 2) return;
    this.#outputHeld = false;
    if (this.#exitCode !== undefined) this.#armDrain();
    for (const stream of this.#open) stream.resume();
  }

  #finishIfOver(): void {
    if (this.#exitCode === undefined || this.#done) return;
    if (this.#open.size === 0) this.#finish(this.#exitCode);
    else if (!this.#outputHeld) this.#armDrain();
  }

  #armDrain(): void {
    clearTimeout(this.#drain);
    const code = this.#exitCode;
    if (code !== undefined) this.#drain = setTimeout(() => this.#finish(code), DRAIN_MS);
  }

  #finish(exitCode: number): void {
    this.#sendControl({ type: 'exit', exit_code: exitCode });
    this.#ws.close(NORMAL_CLOSURE);
    for (const stream of this.#open) stream.destroy();
    this.#detach();
  }

  #receive(data: RawData, isBinary: boolean): void {
    this.#onHeard();
    if (isBinary) {
      this.#input(toBuffer(data));
      return;
    }
    try {
      this.#control(toBuffer(data).toString('utf8'));
    } catch (error) {
      this.#sendControl({ type: 'error', message: describeError(error) });
    }
  }

  #input(bytes: Buffer): void {
    const { stdin } = this.#execution.process;
    if (this.#options.readOnly) {
      this.#refuseInput();
      return;
    }
    // A command that closed its input gets no more, and its client need not know: so it is with a pipe.
    if (this.#done || stdin.destroyed || stdin.writableEnded || stdin.write(bytes)) return;
    this.#inputHeld = true;
    this.#ws.pause();
    const release = (): void => {
      stdin.off('drain', release).off('close', release);
      this.#inputHeld = false;
      this.#onHeard();
      this.#ws.resume();
    };
    stdin.once('drain', release).once('close', release);
  }

  #control(text: string): void {
    const message = validate(schemas.control, parseJson(text));
    if (this.#options.readOnly && message.type !== 'resize') {
      this.#refuseInput();
      return;
    }
    switch (message.type) {
      case 'resize':
        this.#execution.resize(message.cols, message.rows);
        break;
      case 'signal':
        checkSignal(message.sig);
        this.#execution.signal(message.sig);
        break;
      case 'stdin_eof':
        this.#execution.process.stdin.end();
    }
  }

  #refuseInput(): void {
    this.#sendControl({ type: 'error', message: 'read_only_attach: this attachment only reads' });
    this.#ws.close(POLICY_VIOLATION, 'read_only_attach');
  }

  #sendControl(message: object): void {
    if (this.#ws.readyState === this.#ws.OPEN) this.#ws.send(JSON.stringify(message));
  }

  #keepAlive(): void {
    this.#ws.on('pong', () => this.#onHeard());
    const regular = setInterval(() => {
      const answerDue = !this.#inputHeld && !this.#outputUnconfirmed;
      if (answerDue && Date.now() - this.#heard > LOST_MS) this.#ws.terminate();
      else this.#ping();
    }, PING_MS);
    const held = setInterval(() => {
      if (this.#inputHeld) this.#ping();
    }, HELD_PING_MS);
    this.#undo.push(
      () => clearInterval(regular),
      () => clearInterval(held),
    );
  }

  #onHeard(): void {
    this.#heard = Date.now();
    this.#outputUnconfirmed = false;
  }

  #ping(): void {
    if (this.#ws.readyState === this.#ws.OPEN) this.#ws.ping();
  }

  #detach(): void {
    if (this.#done) return;
    this.#done = true;
    clearTimeout(this.#drain);
    for (const undo of this.#undo) undo();
    this.#execution.detach();
  }
}

function isOver(stream: Readable): boolean {
  return stream.readableEnded || stream.destroyed;
}

function toBuffer(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ApiError('invalid_argument', 'Text frames must hold JSON; send input as binary frames', {
      cause,
    });
  }
}
