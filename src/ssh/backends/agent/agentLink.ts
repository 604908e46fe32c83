import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { abortable, delay } from '../../../base/async';
import { describeError } from '../../../base/errors';
import { CarrierKeeper, type CarrierState } from '../../../agentProtocol/carrierKeeper';
import { AgentLinkError, type AgentLinkErrorCode } from '../../../agentProtocol/errors';
import { ResumableStream } from '../../../agentProtocol/resumableStream';
import { cloudErrorCode } from '../../../cloud/errors';
import { BridgeError } from '../../backend';
import { AgentStartError, type AgentReach } from './reach';

/** How long the end of the session may take to reach the agent. */
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
  #isConnected = false;

  private constructor(options: AgentLinkOptions, first: Duplex) {
    this.#options = options;
    this.#first = first;
    // Who works on the stream learns of its end; until then there is nobody.
    this.stream.on('error', () => undefined);
    this.#keeper = new CarrierKeeper({
      stream: this.stream,
      secret: options.secret,
      dial: (signal) => this.#dial(signal),
      // Until it is connected another carrier may need another agent.
      isFatal: (error) => !this.#isConnected || isFinal(error),
      onState: (state) => {
        if (this.#isConnected) options.onState(state);
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
      link.#isConnected = true;
      return link;
    } catch (error) {
      link.stream.destroy();
      throw error;
    }
  }

  /** Ends the session; resolves when the agent has been told, or cannot be. */
  async close(): Promise<void> {
    const carrier = this.#carrier;
    const told =
      carrier && !carrier.destroyed ? once(carrier, 'close').catch(() => undefined) : Promise.resolve();
    this.stream.destroy();
    await Promise.race([told, delay(CLOSE_MS)]);
    carrier?.destroy();
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

function isUnanswered(error: unknown): boolean {
  return error instanceof AgentLinkError && NO_ANSWER.has(error.code);
}

/** Another try leads to the same end. */
function isFinal(error: Error): boolean {
  if (error instanceof BridgeError || error instanceof AgentStartError) return true;
  const code = cloudErrorCode(error);
  return code === 'unauthenticated' || code === 'forbidden' || code === 'not-found';
}
