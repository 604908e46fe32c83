import { AgentLinkError } from './errors';

/**
 * What the two ends of a session send on a carrier once the handshake is done: frames, each with a type (8 bits) and
 * the length of its payload (24 bits, big-endian). Only DATA counts for the positions that ACK speaks of.
 */
export const FrameType = {
  /** Bytes of the stream; 1 to {@link MAX_DATA_BYTES} of them. */
  DATA: 0,
  /** How many bytes of the stream have arrived in all (64 bits). */
  ACK: 1,
  /** To be answered by a PONG with the same 8 bytes. */
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

export const HEADER_BYTES = 4;
export const MAX_DATA_BYTES = 256 * 1024;

/** Lengths of the payloads that have one length. */
const CONTROL_BYTES: Readonly<Record<number, number>> = {
  [FrameType.ACK]: 8,
  [FrameType.PING]: 8,
  [FrameType.PONG]: 8,
  [FrameType.END]: 1,
};

export function frameHeader(type: number, length: number): Buffer {
  const header = Buffer.allocUnsafe(HEADER_BYTES);
  header.writeUInt32BE(type * 2 ** 24 + length);
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

export interface FrameHandlers {
  /** Some bytes of the stream, without a copy; a frame may come in pieces. */
  onData(piece: Buffer): void;
  /** A whole frame of another type. Its payload has the length of that type. */
  onControl(type: number, payload: Buffer): void;
}

/** Takes frames out of the chunks of one carrier. Keeps nothing but a header or a short payload that is cut. */
export class FrameDecoder {
  readonly #handlers: FrameHandlers;
  #stopped = false;
  #type: number | undefined;
  /** Bytes of the current payload that have not come yet. */
  #missing = 0;
  /** The beginning of a header, or of a payload that is not DATA. */
  #partial: Buffer = Buffer.alloc(0);

  constructor(handlers: FrameHandlers) {
    this.#handlers = handlers;
  }

  /** Nothing is handed on any more, not even the rest of the current chunk. */
  stop(): void {
    this.#stopped = true;
  }

  /** Throws an {@link AgentLinkError} `protocol` at the first byte that no frame can have there. */
  write(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0 && !this.#stopped) {
      if (this.#type === undefined) rest = this.#takeHeader(rest);
      else if (this.#type === FrameType.DATA) rest = this.#takeData(rest);
      else rest = this.#takeControl(this.#type, rest);
    }
  }

  #takeHeader(chunk: Buffer): Buffer {
    const { taken, rest } = this.#collect(HEADER_BYTES, chunk);
    if (!taken) return rest;
    const word = taken.readUInt32BE();
    this.#type = word >>> 24;
    this.#missing = word & 0xffffff;
    checkLength(this.#type, this.#missing);
    return rest;
  }

  #takeData(chunk: Buffer): Buffer {
    const piece = chunk.length > this.#missing ? chunk.subarray(0, this.#missing) : chunk;
    this.#missing -= piece.length;
    if (this.#missing === 0) this.#type = undefined;
    this.#handlers.onData(piece);
    return chunk.subarray(piece.length);
  }

  #takeControl(type: number, chunk: Buffer): Buffer {
    const { taken, rest } = this.#collect(this.#missing, chunk);
    if (!taken) return rest;
    this.#type = undefined;
    this.#handlers.onControl(type, taken);
    return rest;
  }

  /** Takes `length` bytes, of which some may have come with earlier chunks. */
  #collect(length: number, chunk: Buffer): { readonly taken?: Buffer; readonly rest: Buffer } {
    const needed = length - this.#partial.length;
    const part = chunk.subarray(0, needed);
    const collected = this.#partial.length > 0 ? Buffer.concat([this.#partial, part]) : part;
    if (collected.length < length) {
      // A copy, for these few bytes would keep the whole chunk.
      this.#partial = Buffer.from(collected);
      return { rest: chunk.subarray(part.length) };
    }
    this.#partial = Buffer.alloc(0);
    return { taken: collected, rest: chunk.subarray(needed) };
  }
}

function checkLength(type: number, length: number): void {
  const isValid =
    type === FrameType.DATA ? length > 0 && length <= MAX_DATA_BYTES : CONTROL_BYTES[type] === length;
  if (!isValid) {
    throw new AgentLinkError(
      'protocol',
      `The other side of the session sent a frame of type ${type} with ${length} bytes, which there is not`,
    );
  }
}
