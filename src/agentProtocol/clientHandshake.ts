import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { abortable } from '../base/async';
import { ByteReader } from '../base/byteReader';
import { AgentLinkError } from './errors';
import {
  ANSWER_BYTES,
  AnswerStatus,
  decodeAnswer,
  decodeGreeting,
  deriveTicket,
  encodeHello,
  GREETING_BYTES,
  NONCE_BYTES,
  type Answer,
  type Nonces,
  type SessionTicket,
} from './handshakeMessages';

/** The client's side of the handshakes of one session: the first begins it, those on later carriers resume it. */
export class ClientHandshake {
  readonly #secret: Buffer;
  /** Of the session, once the agent has taken it. Before that nothing is sent in one, so that another will do. */
  #ticket: SessionTicket | undefined;

  constructor(secret: Buffer) {
    this.#secret = secret;
  }

  /**
   * Proves the session to the agent and the agent to us. `received` is what has arrived of the stream so far; resolves
   * to what has arrived at the agent. Rejects with the signal's reason or an {@link AgentLinkError}: `refused`,
   * `untrusted`, `busy`, `unknown-session`, `carrier-lost`. The carrier stays the caller's in any case; bytes behind
   * the answer are left in it.
   */
  async perform(carrier: Duplex, received: number, signal: AbortSignal): Promise<number> {
    const reader = new ByteReader(carrier);
    // A carrier that fails is destroyed, which is what the reader looks at.
    const ignore = (): void => undefined;
    carrier.on('error', ignore);
    try {
      return await abortable(this.#exchange(reader, carrier, received), signal);
    } finally {
      reader.release();
      carrier.off('error', ignore);
    }
  }

  async #exchange(reader: ByteReader, carrier: Duplex, received: number): Promise<number> {
    const greeting = await reader.read(GREETING_BYTES);
    if (greeting.length < GREETING_BYTES) {
      throw this.#carrierLost(carrier.errored);
    }
    const nonces = { agent: decodeGreeting(greeting), client: randomBytes(NONCE_BYTES) };
    carrier.write(encodeHello(this.#secret, nonces, received, this.#ticket));
    const answer = await this.#readAnswer(reader, nonces);
    if (answer.status !== AnswerStatus.OK) throw refusal(answer.status);
    this.#ticket ??= deriveTicket(this.#secret, nonces);
    return answer.received;
  }

  /** A carrier can know that there is no agent any more. */
  #carrierLost(cause: Error | null): AgentLinkError {
    if (this.#ticket && cause instanceof AgentLinkError && cause.code === 'unknown-session') return cause;
    const message = 'The carrier ended before the agent in the sandbox answered';
    return new AgentLinkError('carrier-lost', message, { cause });
  }

  async #readAnswer(reader: ByteReader, nonces: Nonces): Promise<Answer> {
    const bytes = await reader.read(ANSWER_BYTES);
    if (bytes.length < ANSWER_BYTES) {
      throw new AgentLinkError(
        'refused',
        'The agent in the sandbox closed the connection without an answer, as it does for a wrong secret',
      );
    }
    return decodeAnswer(this.#secret, nonces, bytes);
  }
}

function refusal(status: number): AgentLinkError {
  switch (status) {
    case AnswerStatus.UNKNOWN_SESSION:
      return new AgentLinkError(
        'unknown-session',
        'The agent in the sandbox does not have this session any more',
      );
    case AnswerStatus.BUSY:
      return new AgentLinkError('busy', 'The agent in the sandbox has too many sessions; close one of them');
    default:
      return new AgentLinkError('protocol', `The agent in the sandbox answered with status ${status}`);
  }
}
