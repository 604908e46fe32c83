import { Duplex } from 'node:stream';
import { CarrierLink } from './carrierLink';
import type { PulseOptions } from './carrierPulse';
import { AgentLinkError } from './errors';
import { EndReason, MAX_DATA_BYTES } from './frames';
import { ReplayBuffer } from './replayBuffer';

export interface ResumableStreamOptions extends Partial<PulseOptions> {
  /** Bytes to keep until they are acknowledged; beyond that writers wait. 8 MiB. */
  readonly maxUnacknowledgedBytes?: number;
}

type Callback = (error?: Error | null) => void;

const DEFAULT_MAX_UNACKNOWLEDGED = 8 * 1024 * 1024;
const DEFAULT_PULSE: PulseOptions = { pingMs: 5_000, silenceMs: 15_000 };
/** The stream's own buffers; what waits for a carrier is in the replay buffer. */
const HIGH_WATER_BYTES = 256 * 1024;

/**
 * A byte stream that outlives what carries it: bytes are kept until the other side has acknowledged them, and those it
 * has not seen are sent again on the next carrier. Nothing is lost, nothing comes twice.
 *
 * - Its reader must read on while it writes: acknowledgements come behind the data.
 * - Chunks that are written must not be changed afterwards, not even after the write's callback.
 * - `end()` ends both directions: what was written arrives, then the session is over on both sides. What the other side
 *   has not sent by then has no reader.
 * - Emits `attached` with each carrier; `detached` with an {@link AgentLinkError} when it loses one (`carrier-lost`,
 *   `silent`, `replaced`), never once the session is over; `roundTrip` with each measured round trip in milliseconds.
 * - Destroyed with an {@link AgentLinkError}: `protocol` if the other side breaks the protocol, `aborted` if it was
 *   destroyed there.
 */
export class ResumableStream extends Duplex {
  readonly #maxUnacknowledged: number;
  readonly #pulse: PulseOptions;
  readonly #replay = new ReplayBuffer();
  #link: CarrierLink | undefined;
  #received = 0;
  #roundTripMs: number | undefined;
  /** The session is over: END was sent or has come. */
  #isOver = false;
  /** Of a write that waits for room. */
  #writeDone: Callback | undefined;
  /** Of `end()`, waiting until all is acknowledged. */
  #finalDone: Callback | undefined;
  /** Sends at the end of this turn of the event loop, so that what is written in one turn goes in one frame. */
  #sending: NodeJS.Immediate | undefined;

  constructor(options: ResumableStreamOptions = {}) {
    super({
      allowHalfOpen: false,
      readableHighWaterMark: HIGH_WATER_BYTES,
      writableHighWaterMark: HIGH_WATER_BYTES,
    });
    this.#maxUnacknowledged = options.maxUnacknowledgedBytes ?? DEFAULT_MAX_UNACKNOWLEDGED;
    this.#pulse = { ...DEFAULT_PULSE, ...options };
  }

  /** Bytes that have arrived in all: what the handshake on the next carrier says. Final only while detached. */
  get received(): number {
    return this.#received;
  }

  get isAttached(): boolean {
    return this.#link !== undefined;
  }

  /** Bytes that were written in all, but for those that wait until others are acknowledged. */
  get written(): number {
    return this.#replay.acknowledged + this.#replay.length;
  }

  /** Bytes of which the other side has said that they have arrived. */
  get acknowledged(): number {
    return this.#replay.acknowledged;
  }

  /** The last measured round trip to the other side, in milliseconds. */
  get roundTripMs(): number | undefined {
    return this.#roundTripMs;
  }

  /**
   * Goes on over a carrier, which is owned from here on; one that it has is dropped. `peerReceived` is what the other
   * side said in the handshake.
   */
  attach(carrier: Duplex, { peerReceived }: { readonly peerReceived: number }): void {
    this.detach(new AgentLinkError('replaced', 'Another carrier took over'));
    if (this.destroyed || this.#isOver) {
      carrier.destroy();
      return;
    }
    if (!this.#replay.canAcknowledge(peerReceived)) {
      carrier.destroy();
      this.destroy(acknowledgedTooMuch());
      return;
    }
    this.#replay.rewind(peerReceived);
    this.#link = new CarrierLink(carrier, this.#pulse, this.#received, {
      onData: (piece) => this.#onData(piece),
      onAck: (position) => this.#onAck(position),
      onEnd: (reason) => this.#onEnd(reason),
      onWritable: () => this.#send(),
      onRoundTrip: (ms) => this.#onRoundTrip(ms),
      onLost: (reason) => this.detach(reason),
      onViolation: (error) => this.destroy(error),
    });
    this.emit('attached');
    this.#acknowledged();
    this.#send();
  }

  /** Drops the carrier, if there is one; the session waits for another. */
  detach(reason: AgentLinkError): void {
    const link = this.#link;
    if (!link) return;
    this.#link = undefined;
    link.drop();
    this.emit('detached', reason);
  }

  override _read(): void {
    this.#link?.resume();
  }

  override _writev(chunks: { chunk: Buffer }[], done: Callback): void {
    // Whoever writes after the other side has ended the session may not know yet.
    if (this.#isOver) {
      done();
      return;
    }
    for (const { chunk } of chunks) this.#replay.append(chunk);
    this.#sending ??= setImmediate(() => this.#sendNow());
    if (this.#replay.length <= this.#maxUnacknowledged) done();
    else this.#writeDone = done;
  }

  override _final(done: Callback): void {
    this.#finalDone = done;
    this.#finishOnceAcknowledged();
    if (this.#replay.unsent === 0) this.#link?.askForAck();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearImmediate(this.#sending);
    this.#end(EndReason.ABORTED);
    this.#writeDone?.(error ?? new AgentLinkError('aborted', 'The session was closed'));
    this.#writeDone = this.#finalDone = undefined;
    done(error);
  }

  #sendNow(): void {
    this.#sending = undefined;
    this.#send();
  }

  #send(): void {
    if (this.#replay.unsent === 0) return;
    while (this.#link?.canSend && this.#replay.unsent > 0) {
      this.#link.sendData(this.#replay.take(MAX_DATA_BYTES));
    }
    // What remains to be waited for is the end.
    if (this.#finalDone && this.#replay.unsent === 0) this.#link?.askForAck();
  }

  #onData(piece: Buffer): void {
    this.#received += piece.length;
    this.#link?.noteReceived(this.#received);
    if (!this.push(piece)) this.#link?.pause();
  }

  #onAck(position: number): void {
    if (!this.#replay.canAcknowledge(position)) {
      this.destroy(acknowledgedTooMuch());
      return;
    }
    this.#replay.acknowledge(position);
    this.#acknowledged();
  }

  #acknowledged(): void {
    if (this.#writeDone && this.#replay.length <= this.#maxUnacknowledged) {
      const done = this.#writeDone;
      this.#writeDone = undefined;
      done();
    }
    this.#finishOnceAcknowledged();
  }

  #finishOnceAcknowledged(): void {
    const done = this.#finalDone;
    if (!done || !(this.#isOver || (this.#link && this.#replay.length === 0))) return;
    this.#finalDone = undefined;
    this.#end(EndReason.FINISHED);
    this.push(null);
    done();
  }

  #onEnd(reason: number): void {
    const wasFinished = reason === EndReason.FINISHED;
    this.#end(undefined);
    if (!wasFinished) {
      this.destroy(new AgentLinkError('aborted', 'The other side has ended the session'));
      return;
    }
    this.push(null);
    this.#writeDone?.();
    this.#writeDone = undefined;
    this.#finishOnceAcknowledged();
  }

  #onRoundTrip(ms: number): void {
    this.#roundTripMs = ms;
    this.emit('roundTrip', ms);
  }

  /** The session is over; the carrier gets to say so where that is news to the other side. */
  #end(reason: number | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#replay.clear();
    this.#link?.close(reason);
    this.#link = undefined;
  }
}

function acknowledgedTooMuch(): AgentLinkError {
  return new AgentLinkError(
    'protocol',
    'The other side of the session acknowledged bytes that it cannot have received',
  );
}
