import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { finished } from 'node:stream/promises';
import { abortable, settlesWithin } from '../../../base/async';
import { describeError } from '../../../base/errors';
import { CarrierKeeper, type CarrierState } from '../../../agentProtocol/carrierKeeper';
import { AgentLinkError, type AgentLinkErrorCode } from '../../../agentProtocol/errors';
import { ResumableStream } from '../../../agentProtocol/resumableStream';
import { cloudErrorCode, retryAfterMs } from '../../../cloud/errors';
import { BridgeError } from '../../backend';
import { AgentStartError, type AgentReach } from './reach';

/** How long what was said to the agent may take to arrive: where it takes longer, much was waiting before it. */
const ARRIVAL_MS = 1000;
/** How long another carrier may take, which has the end of the session to itself. */
const LAST_CARRIER_MS = 2000;
/** How long a carrier may take to bring the end of the session and to end itself. */
const CLOSE_MS = 1000;
/** What an agent that has died or hangs looks like from here: one that is started in its place may do better. */
const NO_ANSWER: ReadonlySet<AgentLinkErrorCode> = new Set(['carrier-lost', 'refused', 'timeout']);

export interface AgentLinkOptions {
  readonly reach: AgentReach;
  readonly secret: Buffer;
  /** Asked before each carrier but the first; rejects if there is to be none. */
  readonly mayReconnect: (signal: AbortSignal) => Promise<void>;
  /** Told of each change, once the session is there. */
  readonly onState: (state: CarrierState) => void;
}

/** A session with an agent: a byte stream that outlives its carriers. Its owner destroys the stream. */
export class AgentLink {
  readonly stream = new ResumableStream();
  readonly #options: AgentLinkOptions;
  readonly #keeper: CarrierKeeper;
  #first: Duplex | undefined;
  #carrier: Duplex | undefined;
  /** From when the agent has taken the session until we end it. */
  #isOpen = false;

  private constructor(options: AgentLinkOptions, first: Duplex) {
    this.#options = options;
    this.#first = first;
    // Who works on the stream learns of its end; until then there is nobody.
    this.stream.on('error', () => undefined);
    this.#keeper = new CarrierKeeper({
      stream: this.stream,
      secret: options.secret,
      dial: (signal) => this.#dial(signal),
      // Before, another carrier may need another agent; after, there is no time.
      isFatal: (error) => !this.#isOpen || isFinal(error),
      retryAfterMs,
      onState: (state) => {
        if (this.#isOpen) options.onState(state);
      },
    });
  }

  /**
   * Resolves once the agent has taken the session; one that does not answer is started again before. Rejects as
   * {@link AgentReach.open}, with the {@link AgentLinkError} by which an agent refuses, with an {@link AgentStartError}
   * if no agent answers, or with the signal's reason.
   */
  static async open(options: AgentLinkOptions, signal: AbortSignal): Promise<AgentLink> {
    const { reach } = options;
    try {
      return await AgentLink.#begin(options, await reach.open(false, signal), signal);
    } catch (error) {
      if (!isUnanswered(error)) throw error;
    }
    try {
      return await AgentLink.#begin(options, await reach.open(true, signal), signal);
    } catch (cause) {
      if (!isUnanswered(cause)) throw cause;
      const message = `The agent starts, but does not answer: ${describeError(cause)}`;
      throw new AgentStartError('failed', message, { cause });
    }
  }

  /** Begins a session on the first carrier, which is owned from here on. */
  static async #begin(options: AgentLinkOptions, first: Duplex, signal: AbortSignal): Promise<AgentLink> {
    const link = new AgentLink(options, first);
    try {
      await abortable(link.#keeper.connected, signal);
      link.#isOpen = true;
      return link;
    } catch (error) {
      link.stream.destroy();
      throw error;
    }
  }

  /**
   * Ends the session once `farewell`, which talks to the agent, has settled. Where the agent does not hear it, as behind
   * an upload over a slow uplink, the session ends without it. Resolves when the agent has been told of the end, or
   * cannot be.
   */
  async close(farewell: Promise<unknown>): Promise<void> {
    const isHeard = await this.#isHeard(farewell);
    this.#isOpen = false;
    if (!isHeard || !(await settlesWithin(endOf(this.stream), ARRIVAL_MS))) await this.#endByLastCarrier();
    this.stream.destroy();
    const carrier = this.#carrier;
    if (carrier && !carrier.destroyed) await settlesWithin(once(carrier, 'close'), CLOSE_MS);
    carrier?.destroy();
  }

  /** Waits for the talk to settle; false as soon as it is clear that nothing of it arrives in time. */
  async #isHeard(talk: Promise<unknown>): Promise<boolean> {
    const said = this.stream.written;
    if (!(await settlesWithin(talk, ARRIVAL_MS)) && this.stream.acknowledged < said) return false;
    await talk;
    return true;
  }

  /** Drops the carrier, behind whose bytes the end would wait, and has another one bring the end alone. */
  async #endByLastCarrier(): Promise<void> {
    const { stream } = this;
    if (stream.destroyed) return;
    const closed = once(stream, 'close');
    // At once: the next thing that it does is to send again what has not arrived.
    stream.once('attached', () => stream.destroy());
    stream.detach(new AgentLinkError('replaced', 'The session ends by a carrier of its own'));
    await settlesWithin(closed, LAST_CARRIER_MS);
  }

  async #dial(signal: AbortSignal): Promise<Duplex> {
    return (this.#carrier = await this.#openCarrier(signal));
  }

  async #openCarrier(signal: AbortSignal): Promise<Duplex> {
    const { reach, mayReconnect } = this.#options;
    const first = this.#first;
    this.#first = undefined;
    if (first) return first;
    await mayReconnect(signal);
    return reach.reopen(signal);
  }
}

/** Ends it; settles once all has arrived, or never will. */
function endOf(stream: ResumableStream): Promise<void> {
  stream.end();
  return finished(stream, { readable: false });
}

function isUnanswered(error: unknown): boolean {
  return error instanceof AgentLinkError && NO_ANSWER.has(error.code);
}

/** Another try leads to the same end. */
function isFinal(error: Error): boolean {
  if (error instanceof BridgeError || error instanceof AgentStartError) return true;
  const code = cloudErrorCode(error);
  return code === 'unauthenticated' || code === 'forbidden' || code === 'not-found';
}
