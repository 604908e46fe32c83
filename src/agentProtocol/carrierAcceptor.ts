import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { abortable } from '../base/async';
import { ByteReader } from '../base/byteReader';
import { createDeadline } from '../base/deadline';
import type { Disposable } from '../base/disposable';
import { endCarrier } from './endCarrier';
import { AgentLinkError } from './errors';
import {
  AnswerStatus,
  deriveTicket,
  encodeAnswer,
  encodeGreeting,
  HELLO_BYTES,
  HelloKind,
  NONCE_BYTES,
  ReceivedHello,
  type SessionTicket,
} from './handshakeMessages';
import type { ResumableStream } from './resumableStream';
import type { KeyId } from './secret';

const HANDSHAKE_MS = 10_000;
const MAX_HANDSHAKES = 64;

/** A session as the agent holds it. */
export interface HeldSession {
  readonly ticket: SessionTicket;
  /** Of the secret that began it; no other may resume it. */
  readonly keyId: KeyId;
  readonly stream: ResumableStream;
}

/** Who keeps the agent's secrets and sessions. */
export interface SessionKeeper {
  /** The secret of that name, if the agent has it. */
  secretOf(keyId: KeyId): Promise<Buffer | undefined>;
  /** The stream of a session that begins; undefined if there shall be no further one. Its carrier is attached after. */
  begin(ticket: SessionTicket, keyId: KeyId): ResumableStream | undefined;
  find(sessionId: string): HeldSession | undefined;
}

export interface CarrierAcceptorOptions {
  /** Time for a handshake: 10 s. */
  readonly handshakeMs?: number;
  /** Carriers in a handshake at once: 64. */
  readonly maxHandshakes?: number;
}

/**
 * The agent's side of the handshake: turns carriers into new sessions, or gives them to the sessions that they resume.
 * A carrier without the secret, or without the proof for its session, is closed without a byte in answer.
 */
export class CarrierAcceptor implements Disposable {
  readonly #keeper: SessionKeeper;
  readonly #handshakeMs: number;
  readonly #maxHandshakes: number;
  readonly #carriers = new Set<Duplex>();
  #isDisposed = false;

  constructor(keeper: SessionKeeper, options: CarrierAcceptorOptions = {}) {
    this.#keeper = keeper;
    this.#handshakeMs = options.handshakeMs ?? HANDSHAKE_MS;
    this.#maxHandshakes = options.maxHandshakes ?? MAX_HANDSHAKES;
  }

  /**
   * Owns the carrier from here on. Resolves once it is attached to its session; else it is destroyed, and this rejects
   * with an {@link AgentLinkError}: `refused`, `busy`, `timeout`, `unknown-session`, `carrier-lost`.
   */
  async accept(carrier: Duplex): Promise<void> {
    // From now until the stream, which has listeners of its own, is destroyed.
    carrier.on('error', () => undefined);
    try {
      if (this.#isDisposed) throw new AgentLinkError('busy', 'The agent is ending');
      if (this.#carriers.size >= this.#maxHandshakes) {
        throw new AgentLinkError('busy', 'Too many carriers are in their handshake');
      }
      await this.#handshake(carrier);
    } catch (error) {
      // Unless it is ending, with an answer.
      if (!carrier.writableEnded) carrier.destroy();
      throw error;
    }
  }

  /** Ends all handshakes, and each that would begin; sessions are not its own. */
  dispose(): void {
    this.#isDisposed = true;
    for (const carrier of this.#carriers) carrier.destroy();
  }

  async #handshake(carrier: Duplex): Promise<void> {
    const timedOut = (): Error => new AgentLinkError('timeout', 'No handshake in time');
    const deadline = createDeadline(this.#handshakeMs, timedOut);
    this.#carriers.add(carrier);
    try {
      const hello = await receiveHello(carrier, deadline.signal);
      const secret = await abortable(this.#keeper.secretOf(hello.fields.keyId), deadline.signal);
      if (carrier.destroyed) throw new AgentLinkError('carrier-lost', 'A carrier ended in its handshake');
      if (!(secret && hello.isFrom(secret))) {
        throw new AgentLinkError('refused', 'A carrier had a wrong secret');
      }
      this.#answer(carrier, hello, secret);
    } finally {
      this.#carriers.delete(carrier);
      deadline.dispose();
    }
  }

  #answer(carrier: Duplex, hello: ReceivedHello, secret: Buffer): void {
    const { kind, keyId, sessionId, received } = hello.fields;
    if (kind !== HelloKind.NEW && kind !== HelloKind.RESUME) {
      throw new AgentLinkError('refused', `A carrier said hello of kind ${kind}`);
    }
    const isNew = kind === HelloKind.NEW;
    const session = isNew ? this.#begin(hello, secret) : this.#resume(hello);
    if (!session) {
      const status = isNew ? AnswerStatus.BUSY : AnswerStatus.UNKNOWN_SESSION;
      carrier.write(encodeAnswer(secret, hello.nonces, { status, sessionId, received: 0 }));
      endCarrier(carrier);
      throw isNew
        ? new AgentLinkError('busy', `Key ${keyId} asked for a session too many`)
        : new AgentLinkError('unknown-session', `Key ${keyId} asked for a session that is not there`);
    }
    const { stream, ticket } = session;
    // In one go with `attach`: what still arrived on the old carrier behind this answer would arrive twice.
    carrier.write(
      encodeAnswer(secret, hello.nonces, {
        status: AnswerStatus.OK,
        sessionId: ticket.id,
        received: stream.received,
      }),
    );
    stream.attach(carrier, { peerReceived: received });
  }

  #begin(hello: ReceivedHello, secret: Buffer): Omit<HeldSession, 'keyId'> | undefined {
    const ticket = deriveTicket(secret, hello.nonces);
    const stream = this.#keeper.begin(ticket, hello.fields.keyId);
    return stream && { ticket, stream };
  }

  #resume(hello: ReceivedHello): HeldSession | undefined {
    const { keyId, sessionId, received } = hello.fields;
    const session = this.#keeper.find(sessionId);
    if (session?.keyId !== keyId || session.stream.destroyed) return undefined;
    if (!hello.provesSession(session.ticket.resumeKey)) {
      throw new AgentLinkError('refused', 'A carrier did not prove that the session is its own');
    }
    // Its client has given it up and dialled again; what it sent was on its way meanwhile.
    if (received < session.stream.acknowledged) {
      throw new AgentLinkError('refused', 'A carrier came late: another one has taken the session on');
    }
    return session;
  }
}

/** Greets and reads the answer. Rejects where the carrier ends before that, or sends too little in time. */
async function receiveHello(carrier: Duplex, signal: AbortSignal): Promise<ReceivedHello> {
  const agentNonce = randomBytes(NONCE_BYTES);
  const reader = new ByteReader(carrier);
  try {
    carrier.write(encodeGreeting(agentNonce));
    const bytes = await abortable(reader.read(HELLO_BYTES), signal);
    if (bytes.length < HELLO_BYTES) {
      throw new AgentLinkError('carrier-lost', 'A carrier ended in its handshake');
    }
    return new ReceivedHello(bytes, agentNonce);
  } finally {
    reader.release();
  }
}
