import { Duplex } from 'node:stream';
import { joinSmall } from '../../base/joinSmall';
import { AgentLinkError } from '../errors';
import { MAX_ANSWER_BYTES, MAX_DATA_BYTES, MessageType, parseJson, toJson, violation } from './messages';

/**
 * What may be on its way to a channel at first, in bytes. It is let through again while less than this waits to be
 * read, so up to the sum of both waits where nobody reads.
 */
export const FIRST_WINDOW_BYTES = 256 * 1024;
/**
 * The same for a channel that much was sent to: covers 40 MB/s over a round trip of 100 ms. A window grows with what
 * was read, so that only those who read can have much sent to them.
 */
export const MAX_WINDOW_BYTES = 4 * 1024 * 1024;
/** The window is opened again once so much of it is used up. */
const ADJUST_SHARE = 1 / 4;
/** What the other side may have granted at once: more than anyone has a use for. */
const MAX_GRANTED_BYTES = 2 ** 31;
const WORD_BYTES = 4;
/** Smaller pieces are copied: where they wait to be read, each could keep a whole chunk of the session's stream. */
const MIN_SHARED_BYTES = 4 * 1024;

type Callback = (error?: Error | null) => void;

/** What a channel needs of the session that it belongs to. */
export interface ChannelCarrier {
  /** False: wait until {@link Channel.resumeSending} is called. */
  readonly canSend: boolean;
  send(type: number, channel: number, payload?: Buffer): void;
  /** One DATA message made of these pieces. */
  sendData(channel: number, pieces: readonly Buffer[], length: number): void;
  /** The channel waits until the session takes more. */
  await(channel: Channel): void;
  forget(channel: Channel): void;
}

/** What the other side made of what was asked for. It comes from there and is not checked. */
export type ChannelAnswer =
  | { readonly isOpen: true; readonly details: unknown }
  | { readonly isOpen: false; readonly failure: unknown };

/**
 * A channel as a stream: both directions, each with its own end and its own flow control.
 *
 * - Chunks that are written must not be changed afterwards, not even after the write's callback.
 * - Emits `answer` with a {@link ChannelAnswer} where it was opened by this side, and `eof` when the other side's end has
 *   come, though what came before may still have to be read.
 * - To destroy it before both directions have ended has the other side do the same. There it closes without an error,
 *   before its end, as it does if the session is lost.
 */
export class Channel extends Duplex {
  readonly #carrier: ChannelCarrier;
  /** Chunks of a write that waits, wholly or in part, for the other side's window or for the session. */
  #unsent: Buffer[] = [];
  #writeDone: Callback | undefined;
  /** What the other side lets us send. */
  #window = FIRST_WINDOW_BYTES;
  #received = 0;
  /** How much it may have sent us in all. */
  #granted = FIRST_WINDOW_BYTES;
  #hasAnswered = false;
  #ownEnding: Buffer | undefined;
  #hasEnded = { here: false, there: false };
  #isOver = false;

  /** How what was asked for ended, as the other side says with its end; from there and not checked. */
  ending: unknown;

  constructor(
    readonly id: number,
    carrier: ChannelCarrier,
  ) {
    super({ readableHighWaterMark: FIRST_WINDOW_BYTES, writableHighWaterMark: FIRST_WINDOW_BYTES });
    this.#carrier = carrier;
    // What matters of it is told by `close`, which follows.
    this.on('error', () => undefined);
  }

  /** Whether it can still be written to: the other side may close it at any time. */
  get isOpen(): boolean {
    return !this.destroyed && !this.writableEnded;
  }

  /** Whether both directions have come to their ends. */
  get isComplete(): boolean {
    return this.#hasEnded.here && this.#hasEnded.there;
  }

  /** Whether all has come that the other side sends. */
  get hasEof(): boolean {
    return this.#hasEnded.there;
  }

  get hasAnswered(): boolean {
    return this.#hasAnswered;
  }

  /** Does what the other side asks for. Throws an {@link AgentLinkError} `protocol` for details that are too long. */
  confirm(details: object = {}): void {
    const payload = toJson(details, MAX_ANSWER_BYTES);
    this.#hasAnswered = true;
    if (!this.destroyed) this.#carrier.send(MessageType.OPEN_CONFIRMATION, this.id, payload);
  }

  /** Does not do what the other side asks for. Throws as {@link confirm}. */
  refuse(failure: object): void {
    if (this.destroyed) return;
    const payload = toJson(failure, MAX_ANSWER_BYTES);
    this.#hasAnswered = true;
    this.#isOver = true;
    this.#carrier.send(MessageType.OPEN_FAILURE, this.id, payload);
    this.destroy();
  }

  /** As `end()`, and tells the other side how what it asked for ended. Throws as {@link confirm}. */
  endWith(ending: object): void {
    this.#ownEnding = toJson(ending, MAX_ANSWER_BYTES);
    this.end();
  }

  /** To be called when the session takes more again. */
  resumeSending(): void {
    this.#sendUnsent();
  }

  /** A message of the other side. Throws an {@link AgentLinkError} `protocol` if it cannot be. */
  receive(type: number, payload: Buffer): void {
    switch (type) {
      case MessageType.OPEN_CONFIRMATION:
        this.#receiveAnswer({ isOpen: true, details: parseJson(payload) });
        break;
      case MessageType.OPEN_FAILURE:
        this.#isOver = true;
        this.#receiveAnswer({ isOpen: false, failure: parseJson(payload) });
        this.destroy();
        break;
      case MessageType.WINDOW_ADJUST:
        this.#widen(payload.readUInt32BE());
        break;
      case MessageType.EOF:
        this.#receiveEnd(payload);
        break;
      case MessageType.CLOSE:
        this.#isOver = true;
        this.destroy();
        break;
      default:
        throw violation(`a message of type ${type} for a channel that is there`);
    }
  }

  /** Data of the other side. Throws as {@link receive}. */
  receiveData(piece: Buffer): void {
    this.#received += piece.length;
    if (this.#hasEnded.there) throw violation('data behind its end');
    if (this.#received > this.#granted) throw violation('more data than it may');
    this.push(piece.length < MIN_SHARED_BYTES ? copyOf(piece) : piece);
  }

  /** The session is gone. */
  lose(): void {
    this.#isOver = true;
    this.destroy();
  }

  /** Called when what was pushed is about to be read: lets the other side go on. */
  override _read(): void {
    const window = Math.min(Math.max(this.#received, FIRST_WINDOW_BYTES), MAX_WINDOW_BYTES);
    const more = this.#received + window - this.#granted;
    if (more < window * ADJUST_SHARE || this.#hasEnded.there) return;
    this.#granted += more;
    const payload = Buffer.allocUnsafe(WORD_BYTES);
    payload.writeUInt32BE(more);
    this.#carrier.send(MessageType.WINDOW_ADJUST, this.id, payload);
  }

  override _writev(chunks: { chunk: Buffer }[], done: Callback): void {
    this.#unsent = joinSmall(chunks.filter(({ chunk }) => chunk.length > 0));
    this.#writeDone = done;
    this.#sendUnsent();
  }

  override _final(done: Callback): void {
    this.#hasEnded.here = true;
    this.#carrier.send(MessageType.EOF, this.id, this.#ownEnding);
    done();
  }

  override _destroy(error: Error | null, done: Callback): void {
    if (!this.#isOver && !this.isComplete) this.#carrier.send(MessageType.CLOSE, this.id);
    this.#carrier.forget(this);
    this.#unsent = [];
    this.#writeDone?.(error ?? new AgentLinkError('aborted', 'The channel was closed'));
    this.#writeDone = undefined;
    done(error);
  }

  #sendUnsent(): void {
    while (this.#unsent.length > 0 && this.#window > 0) {
      if (!this.#carrier.canSend) {
        this.#carrier.await(this);
        return;
      }
      const { pieces, length } = this.#take(Math.min(this.#window, MAX_DATA_BYTES));
      this.#window -= length;
      this.#carrier.sendData(this.id, pieces, length);
    }
    if (this.#unsent.length > 0) return;
    const done = this.#writeDone;
    this.#writeDone = undefined;
    done?.();
  }

  /** Up to so many bytes of what waits. */
  #take(limit: number): { readonly pieces: Buffer[]; readonly length: number } {
    const pieces: Buffer[] = [];
    let length = 0;
    for (let chunk = this.#unsent[0]; chunk && length < limit; chunk = this.#unsent[0]) {
      const piece = chunk.length > limit - length ? chunk.subarray(0, limit - length) : chunk;
      pieces.push(piece);
      length += piece.length;
      if (piece.length === chunk.length) this.#unsent.shift();
      else this.#unsent[0] = chunk.subarray(piece.length);
    }
    return { pieces, length };
  }

  #receiveAnswer(answer: ChannelAnswer): void {
    if (this.#hasAnswered) throw violation('a second answer');
    this.#hasAnswered = true;
    this.emit('answer', answer);
  }

  #widen(more: number): void {
    this.#window += more;
    if (this.#window > MAX_GRANTED_BYTES) throw violation('a window that is too wide');
    this.#sendUnsent();
  }

  #receiveEnd(payload: Buffer): void {
    if (this.#hasEnded.there) throw violation('a second end');
    this.#hasEnded.there = true;
    if (payload.length > 0) this.ending = parseJson(payload);
    this.push(null);
    this.emit('eof');
  }
}

/** In memory of its own: Node's shared pool, of 64 KiB since Node 24, would be kept by a few bytes just as a chunk is. */
function copyOf(piece: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(piece.length);
  piece.copy(copy);
  return copy;
}
