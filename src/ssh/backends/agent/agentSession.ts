import type { Duplex } from 'node:stream';
import type { Channel, ChannelAnswer } from '../../../agentProtocol/channels/channel';
import { Multiplexer } from '../../../agentProtocol/channels/multiplexer';
import { AgentLinkError } from '../../../agentProtocol/errors';
import {
  MAX_REQUESTS,
  type Operation,
  type OperationFailure,
  type Request,
} from '../../../agentProtocol/operations';
import { abortReason } from '../../../base/async';
import { printable } from '../../../base/errors';
import { BridgeError } from '../../backend';

/** The rest of {@link MAX_REQUESTS} is for those that are answered at once, such as signals. */
const MAX_CHANNELS = MAX_REQUESTS - 24;

/** A channel that the agent has opened. */
export interface OpenChannel {
  readonly channel: Channel;
  /** What the agent says to the request; not checked. */
  readonly details: unknown;
}

/**
 * Our side of a session with the agent, over a byte stream that it owns. When that is lost all channels close before
 * their end, and whoever waits for an answer gets a {@link BridgeError} `lost`.
 */
export class AgentSession {
  readonly #channels: Multiplexer;
  #loss: BridgeError | undefined;

  constructor(stream: Duplex) {
    stream.once('error', (cause: unknown) => (this.#loss ??= lostAgent(cause)));
    this.#channels = new Multiplexer(stream);
  }

  /** Why channels end before their end. */
  get loss(): BridgeError {
    return this.#loss ?? lostAgent(undefined);
  }

  /**
   * Opens a channel for a request. Rejects with the agent's refusal, as `unavailable` if there are too many, as `lost`,
   * or with the signal's reason.
   */
  async open(operation: Operation, description?: object, signal?: AbortSignal): Promise<OpenChannel> {
    if (this.#channels.size >= MAX_CHANNELS) {
      throw new BridgeError('unavailable', `There are ${MAX_CHANNELS} channels already; close some of them`);
    }
    return this.#open(operation, description, signal);
  }

  /** Makes a request that is met by its answer; resolves to that. Rejects as {@link open}. */
  async call(operation: Operation, description?: object): Promise<unknown> {
    const { channel, details } = await this.#open(operation, description, undefined);
    channel.resume();
    channel.end();
    return details;
  }

  async #open(
    operation: Operation,
    description: object | undefined,
    signal: AbortSignal | undefined,
  ): Promise<OpenChannel> {
    signal?.throwIfAborted();
    if (this.#channels.isDestroyed) throw this.loss;
    const request: Request = { operation, ...(description && { description }) };
    const channel = this.#ask(request);
    const answer = await this.#answerTo(channel, signal);
    if (answer.isOpen) return { channel, details: answer.details };
    throw refusal(answer.failure);
  }

  #ask(request: Request): Channel {
    try {
      return this.#channels.open(request);
    } catch (cause) {
      if (!(cause instanceof AgentLinkError)) throw cause;
      throw new BridgeError('refused', `The agent takes no such request: ${cause.message}`, { cause });
    }
  }

  #answerTo(channel: Channel, signal: AbortSignal | undefined): Promise<ChannelAnswer> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        reject(abortReason(signal));
        channel.destroy();
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      channel.once('answer', (answer: ChannelAnswer) => {
        signal?.removeEventListener('abort', onAbort);
        resolve(answer);
      });
      channel.once('close', () => {
        signal?.removeEventListener('abort', onAbort);
        reject(this.loss);
      });
    });
  }
}

function lostAgent(cause: unknown): BridgeError {
  if (cause instanceof BridgeError) return cause;
  const why = cause instanceof Error ? `: ${printable(cause.message)}` : '';
  return new BridgeError('lost', `Lost the agent in the sandbox${why}`, { cause });
}

/** What comes from the sandbox may be anything. */
function refusal(failure: unknown): BridgeError {
  const { code, message } = (failure ?? {}) as Partial<Record<keyof OperationFailure, unknown>>;
  return new BridgeError(
    code === 'refused' ? 'refused' : 'unavailable',
    (typeof message === 'string' && printable(message)) || 'The agent in the sandbox refuses',
  );
}
