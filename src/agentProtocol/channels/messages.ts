import { AgentLinkError } from '../errors';
import { typeAndLength, type FrameFormat } from '../frameDecoder';

/**
 * What the two ends of a session say to each other about its channels, with the names of RFC 4254 section 5: frames,
 * each with a type (8 bits), the length of its payload (24 bits) and the number of the channel (32 bits), big-endian.
 */
export const MessageType = {
  /** A new channel, for which the client chooses the next number: what is asked for, as JSON. */
  OPEN: 0,
  /** It is open: what there is to say to that, as JSON. */
  OPEN_CONFIRMATION: 1,
  /** It is not: why, as JSON. There is no such channel then. */
  OPEN_FAILURE: 2,
  /** How many bytes more the other side may send (32 bits). */
  WINDOW_ADJUST: 3,
  /** 1 to {@link MAX_DATA_BYTES} bytes of the channel. */
  DATA: 4,
  /** No more data comes. How what was asked for ended, as JSON, or nothing. */
  EOF: 5,
  /** The channel is over before both sides have sent their EOF. */
  CLOSE: 6,
} as const;

export const MAX_DATA_BYTES = 256 * 1024;
/** Longest question, in bytes of JSON. */
export const MAX_OPEN_BYTES = 1024 * 1024;
/** Longest answer, and longest ending. */
export const MAX_ANSWER_BYTES = 64 * 1024;

const HEADER_BYTES = 8;
const CHANNEL_OFFSET = 4;

const lengths: Readonly<Record<number, readonly [min: number, max: number]>> = {
  [MessageType.OPEN]: [0, MAX_OPEN_BYTES],
  [MessageType.OPEN_CONFIRMATION]: [0, MAX_ANSWER_BYTES],
  [MessageType.OPEN_FAILURE]: [0, MAX_ANSWER_BYTES],
  [MessageType.WINDOW_ADJUST]: [4, 4],
  [MessageType.DATA]: [1, MAX_DATA_BYTES],
  [MessageType.EOF]: [0, MAX_ANSWER_BYTES],
  [MessageType.CLOSE]: [0, 0],
};

export const messageFrames: FrameFormat = {
  headerBytes: HEADER_BYTES,
  dataType: MessageType.DATA,
  allows: (type, length) => {
    const [min, max] = lengths[type] ?? [1, 0];
    return length >= min && length <= max;
  },
};

export function messageHeader(type: number, channel: number, length: number): Buffer {
  const header = Buffer.allocUnsafe(HEADER_BYTES);
  header.writeUInt32BE(typeAndLength(type, length));
  header.writeUInt32BE(channel, CHANNEL_OFFSET);
  return header;
}

export function channelOf(header: Buffer): number {
  return header.readUInt32BE(CHANNEL_OFFSET);
}

/** A payload. Throws an {@link AgentLinkError} `protocol` for one that is too long for the other side. */
export function toJson(value: object, maxBytes: number): Buffer {
  const payload = Buffer.from(JSON.stringify(value));
  if (payload.length <= maxBytes) return payload;
  throw new AgentLinkError('protocol', `The message has ${payload.length} bytes; ${maxBytes} are allowed`);
}

/** What the other side says; to be checked. Throws an {@link AgentLinkError} `protocol`. */
export function parseJson(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString('utf8'));
  } catch (cause) {
    throw new AgentLinkError('protocol', 'The other side of the session sent what is not JSON', { cause });
  }
}

/** What the session ends with where the other side sends what it may not. */
export function violation(what: string): AgentLinkError {
  return new AgentLinkError('protocol', `The other side of the session sent ${what}`);
}
