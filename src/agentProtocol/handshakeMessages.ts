import { createHmac, timingSafeEqual } from 'node:crypto';
import { AgentLinkError } from './errors';
import { keyIdOf, type KeyId } from './secret';

/*
 * The handshake on each carrier. Numbers are big-endian, MACs are HMAC-SHA256 with the secret unless said otherwise,
 * "+" is concatenation.
 *
 *   agent → client  greeting  "CSA1" + agentNonce(32)
 *   client → agent  hello     fields = kind(1) + keyId(8) + sessionId(16) + clientNonce(32) + received(8)
 *                             fields + mac(32) + proof(32)
 *                             mac   = MAC("client" + agentNonce + fields)
 *                             proof = HMAC(resumeKey, "resume" + agentNonce + fields); zeros for a new session
 *   agent → client  answer    fields = status(1) + sessionId(16) + received(8)
 *                             fields + mac(32), mac = MAC("agent" + clientNonce + agentNonce + fields)
 *
 * Of a new session both sides derive, from the nonces of the handshake that began it,
 *
 *   sessionId = first 16 bytes of MAC("session id" + agentNonce + clientNonce)
 *   resumeKey = MAC("resume key" + agentNonce + clientNonce)
 *
 * The resume key is never sent. Each side contributes a fresh nonce, so that nothing of one handshake is of use in
 * another. Nothing but the hello follows until the answer has proved that the agent knows the secret: what a
 * connection has to say is not for whoever took the agent's port.
 */

export const NONCE_BYTES = 32;
const MAC_BYTES = 32;
const KEY_ID_BYTES = 8;
const SESSION_ID_BYTES = 16;
const MAGIC = Buffer.from('CSA1');

export const GREETING_BYTES = MAGIC.length + NONCE_BYTES;
const HELLO_FIELDS_BYTES = 1 + KEY_ID_BYTES + SESSION_ID_BYTES + NONCE_BYTES + 8;
export const HELLO_BYTES = HELLO_FIELDS_BYTES + MAC_BYTES + MAC_BYTES;
const ANSWER_FIELDS_BYTES = 1 + SESSION_ID_BYTES + 8;
export const ANSWER_BYTES = ANSWER_FIELDS_BYTES + MAC_BYTES;

export const HelloKind = { NEW: 0, RESUME: 1 } as const;

export const AnswerStatus = {
  OK: 0,
  UNKNOWN_SESSION: 1,
  /** No further session now. */
  BUSY: 2,
} as const;

/** What both ends know of a session. */
export interface SessionTicket {
  /** 32 hexadecimal digits; public. */
  readonly id: string;
  /** Whoever takes the session over proves that it knows this. */
  readonly resumeKey: Buffer;
}

/** The nonces of one handshake. */
export interface Nonces {
  readonly agent: Buffer;
  readonly client: Buffer;
}

export interface Hello {
  readonly kind: number;
  readonly keyId: KeyId;
  /** Zeros for a new session. */
  readonly sessionId: string;
  readonly clientNonce: Buffer;
  /** Bytes of the stream that have arrived at the client. */
  readonly received: number;
}

export interface Answer {
  readonly status: number;
  readonly sessionId: string;
  /** Bytes of the stream that have arrived at the agent. */
  readonly received: number;
}

const NO_SESSION = '00'.repeat(SESSION_ID_BYTES);

export function deriveTicket(secret: Buffer, nonces: Nonces): SessionTicket {
  const id = mac(secret, 'session id', nonces.agent, nonces.client).subarray(0, SESSION_ID_BYTES);
  return { id: id.toString('hex'), resumeKey: mac(secret, 'resume key', nonces.agent, nonces.client) };
}

export function encodeGreeting(agentNonce: Buffer): Buffer {
  return Buffer.concat([MAGIC, agentNonce]);
}

/** The agent's nonce. Throws an {@link AgentLinkError} `untrusted` where no agent greets. */
export function decodeGreeting(greeting: Buffer): Buffer {
  if (!greeting.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw new AgentLinkError('untrusted', 'What answers in the sandbox is not its agent');
  }
  return greeting.subarray(MAGIC.length);
}

/** Without a ticket: for a new session. */
export function encodeHello(
  secret: Buffer,
  nonces: Nonces,
  received: number,
  ticket: SessionTicket | undefined,
): Buffer {
  const fields = Buffer.concat([
    Buffer.of(ticket ? HelloKind.RESUME : HelloKind.NEW),
    Buffer.from(keyIdOf(secret), 'hex'),
    Buffer.from(ticket?.id ?? NO_SESSION, 'hex'),
    nonces.client,
    uint64(received),
  ]);
  const proof = ticket ? resumeProof(ticket.resumeKey, nonces.agent, fields) : Buffer.alloc(MAC_BYTES);
  return Buffer.concat([fields, helloMac(secret, nonces.agent, fields), proof]);
}

/** A hello as it came, not to be believed before its MAC, nor its claim to a session before its proof. */
export class ReceivedHello {
  readonly fields: Hello;
  readonly #bytes: Buffer;
  readonly #agentNonce: Buffer;

  constructor(bytes: Buffer, agentNonce: Buffer) {
    this.#bytes = bytes;
    this.#agentNonce = agentNonce;
    const reader = new FixedFields(bytes);
    this.fields = {
      kind: reader.take(1).readUInt8(),
      keyId: reader.take(KEY_ID_BYTES).toString('hex'),
      sessionId: reader.take(SESSION_ID_BYTES).toString('hex'),
      clientNonce: reader.take(NONCE_BYTES),
      received: Number(reader.take(8).readBigUInt64BE()),
    };
  }

  get nonces(): Nonces {
    return { agent: this.#agentNonce, client: this.fields.clientNonce };
  }

  isFrom(secret: Buffer): boolean {
    const expected = helloMac(secret, this.#agentNonce, this.#signed);
    return timingSafeEqual(
      expected,
      this.#bytes.subarray(HELLO_FIELDS_BYTES, HELLO_FIELDS_BYTES + MAC_BYTES),
    );
  }

  provesSession(resumeKey: Buffer): boolean {
    const expected = resumeProof(resumeKey, this.#agentNonce, this.#signed);
    return timingSafeEqual(expected, this.#bytes.subarray(HELLO_FIELDS_BYTES + MAC_BYTES));
  }

  get #signed(): Buffer {
    return this.#bytes.subarray(0, HELLO_FIELDS_BYTES);
  }
}

export function encodeAnswer(
  secret: Buffer,
  nonces: Nonces,
  { status, sessionId, received }: Answer,
): Buffer {
  const fields = Buffer.concat([Buffer.of(status), Buffer.from(sessionId, 'hex'), uint64(received)]);
  return Buffer.concat([fields, answerMac(secret, nonces, fields)]);
}

/** Throws an {@link AgentLinkError} `untrusted` if it was not made with the secret for this handshake. */
export function decodeAnswer(secret: Buffer, nonces: Nonces, bytes: Buffer): Answer {
  const reader = new FixedFields(bytes);
  const fields = bytes.subarray(0, ANSWER_FIELDS_BYTES);
  const answer = {
    status: reader.take(1).readUInt8(),
    sessionId: reader.take(SESSION_ID_BYTES).toString('hex'),
    received: Number(reader.take(8).readBigUInt64BE()),
  };
  if (!timingSafeEqual(answerMac(secret, nonces, fields), reader.take(MAC_BYTES))) {
    throw new AgentLinkError(
      'untrusted',
      'What answers in the sandbox does not know the secret of its agent',
    );
  }
  return answer;
}

function helloMac(secret: Buffer, agentNonce: Buffer, fields: Buffer): Buffer {
  return mac(secret, 'client', agentNonce, fields);
}

function resumeProof(resumeKey: Buffer, agentNonce: Buffer, fields: Buffer): Buffer {
  return mac(resumeKey, 'resume', agentNonce, fields);
}

function answerMac(secret: Buffer, nonces: Nonces, fields: Buffer): Buffer {
  return mac(secret, 'agent', nonces.client, nonces.agent, fields);
}

function mac(key: Buffer, purpose: string, ...parts: readonly Buffer[]): Buffer {
  const hmac = createHmac('sha256', key).update(purpose);
  for (const part of parts) hmac.update(part);
  return hmac.digest();
}

function uint64(value: number): Buffer {
  const field = Buffer.allocUnsafe(8);
  field.writeBigUInt64BE(BigInt(value));
  return field;
}

/** Takes fields off a message whose length was checked. */
class FixedFields {
  #position = 0;

  constructor(private readonly bytes: Buffer) {}

  take(length: number): Buffer {
    this.#position += length;
    return this.bytes.subarray(this.#position - length, this.#position);
  }
}
