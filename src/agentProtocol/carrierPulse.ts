import { randomBytes } from 'node:crypto';
import { SleepDetector } from './sleepDetector';

export interface PulseOptions {
  /** Time between two pings. */
  readonly pingMs: number;
  /** The other side of a carrier that is silent for longer is gone. */
  readonly silenceMs: number;
}

export interface PulseHandlers {
  /** Sends a PING; false where it would wait behind so much data that its round trip means nothing. */
  ping(payload: Buffer): boolean;
  /** True while we hold the other side and so cannot hear it. */
  isHeld(): boolean;
  onRoundTrip(ms: number): void;
  onSilence(): void;
}

/**
 * Pings on one carrier: tells a dead one from one that has nothing to say, keeps middleboxes from cutting it, and
 * measures the round trip. A side that holds the other one pings as well, and so is heard there.
 */
export class CarrierPulse {
  readonly #options: PulseOptions;
  readonly #handlers: PulseHandlers;
  readonly #timer: NodeJS.Timeout;
  readonly #sleep: SleepDetector;
  #heardAt = Date.now();
  #ping: { readonly payload: Buffer; readonly at: number } | undefined;

  constructor(options: PulseOptions, handlers: PulseHandlers) {
    this.#options = options;
    this.#handlers = handlers;
    this.#sleep = new SleepDetector(options.pingMs);
    this.#timer = setInterval(() => this.#tick(), options.pingMs);
    // The carrier, not its pulse, is what a process may live for.
    this.#timer.unref();
    this.#sendPing();
  }

  /** To be called for whatever arrives. */
  hear(): void {
    this.#heardAt = Date.now();
  }

  hearPong(payload: Buffer): void {
    if (!this.#ping?.payload.equals(payload)) return;
    this.#handlers.onRoundTrip(performance.now() - this.#ping.at);
    this.#ping = undefined;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const now = Date.now();
    const { pingMs, silenceMs } = this.#options;
    // While this process stood still it heard nothing; the other side gets one ping to show that it is there.
    if (this.#sleep.hasSlept()) this.#heardAt = now - silenceMs + pingMs;
    else if (this.#handlers.isHeld()) this.#heardAt = now;
    if (now - this.#heardAt >= silenceMs) this.#handlers.onSilence();
    else this.#sendPing();
  }

  #sendPing(): void {
    const payload = randomBytes(8);
    const at = performance.now();
    this.#ping = this.#handlers.ping(payload) ? { payload, at } : undefined;
  }
}
