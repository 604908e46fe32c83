import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { abortable, delay } from '../../../base/async';
import { createDeadline } from '../../../base/deadline';
import { CarrierKeeper, type CarrierState } from '../../../agentProtocol/carrierKeeper';
import { AgentLinkError } from '../../../agentProtocol/errors';
import { ResumableStream } from '../../../agentProtocol/resumableStream';
import { cloudErrorCode } from '../../../cloud/errors';
import { BridgeError } from '../../backend';
import { AgentStartError, type AgentReach } from './reach';

/** From the first carrier until the agent has taken the session. */
const CONNECT_MS = 45_000;
/** How long the end of the session may take to reach the agent. */
const CLOSE_MS = 1000;
/** An agent that does not answer is started again; one that then does not either never will. */
const MAX_STARTS = 2;

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
  #starts = 1;
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
      isFatal: isFinal,
      onState: (state) => {
        if (this.#isConnected) options.onState(state);
      },
    });
  }

  /**
   * Resolves once the agent has taken the session. Rejects as {@link AgentReach.open}, and with an
   * {@link AgentStartError} if no agent answers.
   */
  static async open(options: AgentLinkOptions, signal: AbortSignal): Promise<AgentLink> {
    const link = new AgentLink(options, await options.reach.open(false, signal));
    const timedOut = (): Error =>
      new AgentStartError('failed', `The agent did not answer within ${CONNECT_MS / 1000} s`);
    const deadline = createDeadline(CONNECT_MS, timedOut, signal);
    try {
      await abortable(link.#keeper.connected, deadline.signal);
      link.#isConnected = true;
      return link;
    } catch (error) {
      link.stream.destroy();
      throw error;
    } finally {
      deadline.dispose();
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
    if (this.#isConnected) {
      await mayReconnect(signal);
      return reach.reopen(signal);
    }
    if (++this.#starts > MAX_STARTS)
      throw new AgentStartError('failed', 'The agent starts, but does not answer');
    return reach.open(true, signal);
  }
}

/** Another try leads to the same end. */
function isFinal(error: Error): boolean {
  if (error instanceof BridgeError || error instanceof AgentStartError) return true;
  // Until somebody closes a session.
  if (error instanceof AgentLinkError && error.code === 'busy') return true;
  const code = cloudErrorCode(error);
  return code === 'unauthenticated' || code === 'forbidden' || code === 'not-found';
}
