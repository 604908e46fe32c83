import { typeAndLength, type FrameFormat } from './frameDecoder';

/**
 * What the two ends of a session send on a carrier once the handshake is done: frames, each with a type (8 bits) and
 * the length of its payload (24 bits, big-endian). Only DATA counts for the positions that ACK speaks of.
 */
export const FrameType = {
  /** Bytes of the stream; 1 to {@link MAX_DATA_BYTES} of them. */
  DATA: 0,
  /** How many bytes of the stream have arrived in all (64 bits). */
  ACK: 1,
  /** To be answered by an ACK, where one is due, and a PONG with the same 8 bytes. */
  PING: 2,
  PONG: 3,
  /** The session is over: one byte, an {@link EndReason}. */
  END: 4,
} as const;

export const EndReason = {
  /** All that was written has arrived. */
  FINISHED: 0,
  ABORTED: 1,
} as const;

const HEADER_BYTES = 4;
export const MAX_DATA_BYTES = 256 * 1024;

/** Lengths of the payloads that have one length. */
const CONTROL_BYTES: Readonly<Record<number, number>> = {
  [FrameType.ACK]: 8,
  [FrameType.PING]: 8,
  [FrameType.PONG]: 8,
  [FrameType.END]: 1,
};

export const carrierFrames: FrameFormat = {
  headerBytes: HEADER_BYTES,
  dataType: FrameType.DATA,
  allows: (type, length) =>
    type === FrameType.DATA ? length > 0 && length <= MAX_DATA_BYTES : CONTROL_BYTES[type] === length,
};

export function frameHeader(type: number, length: number): Buffer {
  const header = Buffer.allocUnsafe(HEADER_BYTES);
  header.writeUInt32BE(typeAndLength(type, length));
  return header;
}

/** A whole frame; for those with a short payload. */
export function frame(type: number, payload: Buffer): Buffer {
  return Buffer.concat([frameHeader(type, payload.length), payload]);
}

export function ackFrame(received: number): Buffer {
  const payload = Buffer.allocUnsafe(8);
  payload.writeBigUInt64BE(BigInt(received));
  return frame(FrameType.ACK, payload);
}
