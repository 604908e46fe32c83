import type { Duplex } from 'node:stream';
import { CarrierPulse, type PulseOptions } from './carrierPulse';
import { endCarrier } from './endCarrier';
import { AgentLinkError } from './errors';
import { FrameDecoder } from './frameDecoder';
import { ackFrame, carrierFrames, frame, frameHeader, FrameType } from './frames';

/** What a carrier holds unsent before the rest waits: enough to keep it busy, little enough for a PING to pass. */
const SEND_HIGH_WATER_BYTES = 512 * 1024;
const ACK_EVERY_BYTES = 1024 * 1024;
const ACK_AFTER_MS = 50;
/** Of a ping that nobody measures by. */
const NO_PAYLOAD = Buffer.alloc(8);

export interface LinkHandlers {
  onData(piece: Buffer): void;
  onAck(position: number): void;
  onEnd(reason: number): void;
  /** The carrier takes more, after `canSend` was false. */
  onWritable(): void;
  onRoundTrip(ms: number): void;
  /** The carrier is of no use any more. */
  onLost(reason: AgentLinkError): void;
  onViolation(error: AgentLinkError): void;
}

/** One carrier of a resumable stream, from after its handshake to its end: frames, acknowledgements, pulse. Owns it. */
export class CarrierLink {
  readonly #carrier: Duplex;
  readonly #handlers: LinkHandlers;
  readonly #decoder: FrameDecoder;
  readonly #pulse: CarrierPulse;
  #isOpen = true;
  /** Position up to which bytes have arrived, and up to which the other side knows. */
  #received: number;
  #acknowledged: number;
  #ackTimer: NodeJS.Timeout | undefined;

  constructor(carrier: Duplex, pulse: PulseOptions, received: number, handlers: LinkHandlers) {
    this.#carrier = carrier;
    this.#handlers = handlers;
    this.#received = this.#acknowledged = received;
    this.#decoder = new FrameDecoder(carrierFrames, {
      onData: (piece) => handlers.onData(piece),
      onControl: (type, payload) => this.#onControl(type, payload),
    });
    this.#pulse = new CarrierPulse(pulse, {
      ping: (payload) => this.#ping(payload),
      isHeld: () => carrier.isPaused(),
      onRoundTrip: (ms) => handlers.onRoundTrip(ms),
      onSilence: () => this.#lose(new AgentLinkError('silent', 'Nothing was heard for too long')),
    });
    carrier.on('data', (chunk: Buffer) => this.#onChunk(chunk));
    carrier.on('error', (cause) =>
      this.#lose(new AgentLinkError('carrier-lost', `The carrier failed: ${cause.message}`, { cause })),
    );
    const onEnd = (): void => this.#lose(new AgentLinkError('carrier-lost', 'The carrier ended'));
    carrier.on('end', onEnd).on('close', onEnd);
    // One that ended since its handshake has nothing to tell any more.
    if (carrier.destroyed || carrier.readableEnded) process.nextTick(onEnd);
    // It was paused, or read by events of another kind, for the handshake.
    carrier.resume();
  }

  get canSend(): boolean {
    return this.#isOpen && this.#carrier.writableLength < SEND_HIGH_WATER_BYTES;
  }

  /** Sends one DATA frame made of these chunks: as one, since a copy costs less than messages of a WebSocket do. */
  sendData(chunks: readonly Buffer[]): void {
    const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    // Not by 'drain', which comes only where the carrier's own limit was reached before ours.
    this.#carrier.write(Buffer.concat([frameHeader(FrameType.DATA, length), ...chunks]), () => {
      if (this.canSend) this.#handlers.onWritable();
    });
  }

  /** Has the other side know, soon, that all before this position has arrived. */
  noteReceived(position: number): void {
    this.#received = position;
    if (position - this.#acknowledged >= ACK_EVERY_BYTES) this.#sendAck();
    else this.#ackTimer ??= setTimeout(() => this.#sendAckLater(), ACK_AFTER_MS);
  }

  /** Has the other side acknowledge at once what has arrived by now, which it otherwise does in its own time. */
  askForAck(): void {
    this.#ping(NO_PAYLOAD);
  }

  pause(): void {
    this.#carrier.pause();
  }

  resume(): void {
    if (this.#carrier.isPaused()) this.#carrier.resume();
  }

  /** Lets go of the carrier at once. */
  drop(): void {
    this.#stop();
    this.#carrier.destroy();
  }

  /** Lets go of the carrier once it has sent what it holds, and END if a reason is given. */
  close(reason: number | undefined): void {
    this.#stop();
    if (reason !== undefined) this.#carrier.write(frame(FrameType.END, Buffer.of(reason)));
    endCarrier(this.#carrier);
  }

  #stop(): void {
    this.#isOpen = false;
    this.#decoder.stop();
    this.#pulse.stop();
    clearTimeout(this.#ackTimer);
  }

  #lose(reason: AgentLinkError): void {
    if (this.#isOpen) this.#handlers.onLost(reason);
  }

  #onChunk(chunk: Buffer): void {
    this.#pulse.hear();
    try {
      this.#decoder.write(chunk);
    } catch (error) {
      if (!(error instanceof AgentLinkError)) throw error;
      this.#handlers.onViolation(error);
    }
  }

  #onControl(type: number, payload: Buffer): void {
    switch (type) {
      case FrameType.ACK:
        this.#handlers.onAck(Number(payload.readBigUInt64BE()));
        break;
      case FrameType.PING:
        this.#answerPing(payload);
        break;
      case FrameType.PONG:
        this.#pulse.hearPong(payload);
        break;
      case FrameType.END:
        this.#handlers.onEnd(payload.readUInt8());
        break;
    }
  }

  /** Where the other side does not read, its pings get no answer: unread answers would pile up. */
  #answerPing(payload: Buffer): void {
    if (!this.canSend) return;
    this.#sendAck();
    this.#carrier.write(frame(FrameType.PONG, payload));
  }

  #ping(payload: Buffer): boolean {
    if (!this.canSend) return false;
    const measurable = this.#carrier.writableLength === 0;
    this.#carrier.write(frame(FrameType.PING, payload));
    return measurable;
  }

  #sendAck(): void {
    if (this.#received === this.#acknowledged) return;
    this.#acknowledged = this.#received;
    this.#carrier.write(ackFrame(this.#received));
  }

  #sendAckLater(): void {
    this.#ackTimer = undefined;
    this.#sendAck();
  }
}
