import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { abortable, backoffMs, createDeferred, delay } from '../base/async';
import { createDeadline } from '../base/deadline';
import type { Disposable } from '../base/disposable';
import { ClientHandshake } from './clientHandshake';
import { AgentLinkError, type AgentLinkErrorCode } from './errors';
import type { ResumableStream } from './resumableStream';
import { RetryPace, type RetryPaceOptions } from './retryPace';

export type CarrierState =
  | { readonly phase: 'connected' }
  /** `attempt` counts from 1 for each carrier that was lost; `reason` is the last failure. */
  | { readonly phase: 'reconnecting'; readonly attempt: number; readonly reason: Error }
  /** The last state. Without an error the session was ended by one of its sides. */
  | { readonly phase: 'ended'; readonly error?: Error };

export interface CarrierKeeperOptions extends Partial<RetryPaceOptions> {
  /** Its owner's; the keeper destroys it only when the session cannot go on. */
  readonly stream: ResumableStream;
  readonly secret: Buffer;
  /** Opens a carrier to the agent. To reject soon after the signal aborts, with nothing left open. */
  dial(signal: AbortSignal): Promise<Duplex>;
  /** Whether it is of no use to try again after this failure, of `dial` or of a handshake. By default, none of `dial`. */
  isFatal?(error: Error): boolean;
  /** How long this failure asks to be left alone before the next attempt, in milliseconds. By default, not at all. */
  retryAfterMs?(error: Error): number;
  onState?(state: CarrierState): void;
  /** Time for one carrier, from dialling to the end of its handshake: 15 s. */
  readonly attemptMs?: number;
}

const ATTEMPT_MS = 15_000;
/** A carrier that is lost sooner counts as a failed attempt. */
const SHORT_LIFE_MS = 1_000;
/** Up to so long a wait comes before the next one then. */
const SHORT_LIFE_PAUSE_MS = 250;
const PACE: RetryPaceOptions = {
  waitsMs: [250, 500, 1_000, 2_000, 4_000, 5_000],
  giveUpMs: 15 * 60_000,
};
/** Handshakes that end in one of these end so each time. */
const FATAL: ReadonlySet<AgentLinkErrorCode> = new Set(['protocol', 'untrusted', 'unknown-session']);

/**
 * Keeps a session on a carrier from the connection's side: dials, does the handshake, and does both again whenever the
 * carrier is lost, until the session ends. When it cannot go on, it destroys the stream with the reason.
 */
export class CarrierKeeper implements Disposable {
  readonly #options: CarrierKeeperOptions;
  readonly #handshake: ClientHandshake;
  readonly #disposal = new AbortController();
  readonly #connected = createDeferred<undefined>();
  #lossReason: Error | undefined;

  constructor(options: CarrierKeeperOptions) {
    this.#options = options;
    this.#handshake = new ClientHandshake(options.secret);
    options.stream.on('detached', (reason: Error) => (this.#lossReason = reason));
    options.stream.once('close', () => this.dispose());
    void this.#run();
  }

  /**
   * Settles with the first carrier: resolves when the agent has taken the session. Rejects with what was fatal, or with
   * an {@link AgentLinkError} `gave-up`.
   */
  get connected(): Promise<void> {
    return this.#connected.promise;
  }

  /** Stops all attempts at once. The stream keeps the carrier that it has. */
  dispose(): void {
    this.#disposal.abort(new AgentLinkError('carrier-lost', 'The session was closed'));
  }

  async #run(): Promise<void> {
    try {
      for (;;) {
        await this.#connect();
        this.#options.onState?.({ phase: 'connected' });
        this.#connected.resolve(undefined);
        await this.#untilLost();
      }
    } catch (error) {
      this.#end(asError(error));
    }
  }

  async #untilLost(): Promise<void> {
    const { signal } = this.#disposal;
    const { stream } = this.#options;
    const connectedAt = Date.now();
    if (stream.isAttached) await once(stream, 'detached', { signal });
    // One that is lost right away, again and again, would be dialled without a pause.
    if (Date.now() - connectedAt < SHORT_LIFE_MS) {
      await delay(backoffMs(0, SHORT_LIFE_PAUSE_MS, SHORT_LIFE_PAUSE_MS), signal);
    }
  }

  /** Resolves with the stream attached. */
  async #connect(): Promise<void> {
    const pace = new RetryPace({ ...PACE, ...this.#options }, this.#disposal.signal);
    try {
      for (let reason = this.#lossReason; ;) {
        if (reason) this.#options.onState?.({ phase: 'reconnecting', attempt: pace.attempt, reason });
        try {
          await this.#attempt(pace.signal);
          return;
        } catch (error) {
          reason = asError(error);
        }
        if (this.#isFatal(reason)) throw reason;
        if (!(await pace.next(this.#options.retryAfterMs?.(reason)))) throw gaveUp(reason);
      }
    } finally {
      pace.dispose();
    }
  }

  async #attempt(signal: AbortSignal): Promise<void> {
    const { stream, attemptMs = ATTEMPT_MS } = this.#options;
    const timedOut = (): Error =>
      new AgentLinkError('timeout', `The agent in the sandbox did not answer within ${attemptMs / 1000} s`);
    const deadline = createDeadline(attemptMs, timedOut, signal);
    try {
      const carrier = await this.#dial(deadline.signal);
      try {
        const peerReceived = await this.#handshake.perform(carrier, stream.received, deadline.signal);
        stream.attach(carrier, { peerReceived });
      } catch (error) {
        carrier.destroy();
        throw error;
      }
    } finally {
      deadline.dispose();
    }
  }

  /** A carrier that comes too late is destroyed. */
  async #dial(signal: AbortSignal): Promise<Duplex> {
    const dialling = this.#options.dial(signal).then((carrier) => {
      carrier.on('error', () => undefined);
      if (signal.aborted) carrier.destroy();
      return carrier;
    });
    return abortable(dialling, signal);
  }

  #isFatal(error: Error): boolean {
    if (this.#disposal.signal.aborted) return true;
    if (error instanceof AgentLinkError && FATAL.has(error.code)) return true;
    return this.#options.isFatal?.(error) ?? false;
  }

  #end(error: Error): void {
    const { stream } = this.#options;
    // Disposed while the session goes on: who did so knows what becomes of the stream.
    const isDisposed = this.#disposal.signal.aborted;
    const cause = isDisposed ? (stream.errored ?? undefined) : endReason(error, stream);
    this.#connected.reject(cause ?? error);
    if (!isDisposed) stream.destroy(cause);
    this.#options.onState?.({ phase: 'ended', ...(cause ? { error: cause } : {}) });
  }
}

/** Why the session is over; undefined if one of its sides ended it as it should. */
function endReason(error: Error, stream: ResumableStream): Error | undefined {
  if (stream.destroyed) return stream.errored ?? undefined;
  if (!(error instanceof AgentLinkError) || error.code !== 'unknown-session') return error;
  return new AgentLinkError(
    'session-lost',
    'The agent in the sandbox has ended, and with it what ran over this connection; connect again',
    { cause: error },
  );
}

function gaveUp(cause: Error): AgentLinkError {
  return new AgentLinkError('gave-up', `The sandbox could not be reached again: ${cause.message}`, { cause });
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
