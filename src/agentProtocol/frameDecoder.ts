import { AgentLinkError } from './errors';

/** How frames look: a header that begins with a type (8 bits) and the length of the payload (24 bits), big-endian. */
export interface FrameFormat {
  readonly headerBytes: number;
  /** The type whose payload is handed on in pieces, as it comes. */
  readonly dataType: number;
  /** Whether there are frames of the type with so many bytes. */
  readonly allows: (type: number, length: number) => boolean;
}

export interface FrameHandlers {
  /** Some bytes of a frame of the format's `dataType`, without a copy. */
  onData(piece: Buffer, header: Buffer): void;
  /** A whole frame of another type. */
  onControl(type: number, payload: Buffer, header: Buffer): void;
}

/** The first four bytes of a header. */
export function typeAndLength(type: number, length: number): number {
  return type * 2 ** 24 + length;
}

/** Takes frames out of the chunks of a stream. Keeps nothing but a header or a payload of a control frame that is cut. */
export class FrameDecoder {
  readonly #format: FrameFormat;
  readonly #handlers: FrameHandlers;
  #stopped = false;
  /** Of the frame whose payload comes next. */
  #header: Buffer | undefined;
  #type = 0;
  /** Bytes of the current payload that have not come yet. */
  #missing = 0;
  /** A header, or a payload that is not data, of which only so many bytes have come. */
  #partial: Buffer | undefined;
  #filled = 0;

  constructor(format: FrameFormat, handlers: FrameHandlers) {
    this.#format = format;
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
      if (!this.#header) rest = this.#takeHeader(rest);
      else if (this.#type === this.#format.dataType) rest = this.#takeData(this.#header, rest);
      else rest = this.#takeControl(this.#header, rest);
    }
  }

  #takeHeader(chunk: Buffer): Buffer {
    const { taken, rest } = this.#collect(this.#format.headerBytes, chunk);
    if (!taken) return rest;
    const word = taken.readUInt32BE();
    this.#type = word >>> 24;
    this.#missing = word & 0xffffff;
    if (!this.#format.allows(this.#type, this.#missing)) throw noSuchFrame(this.#type, this.#missing);
    this.#header = taken;
    return this.#missing === 0 ? this.#takeControl(taken, rest) : rest;
  }

  #takeData(header: Buffer, chunk: Buffer): Buffer {
    const piece = chunk.length > this.#missing ? chunk.subarray(0, this.#missing) : chunk;
    this.#missing -= piece.length;
    if (this.#missing === 0) this.#header = undefined;
    this.#handlers.onData(piece, header);
    return chunk.subarray(piece.length);
  }

  #takeControl(header: Buffer, chunk: Buffer): Buffer {
    const { taken, rest } = this.#collect(this.#missing, chunk);
    if (!taken) return rest;
    this.#header = undefined;
    this.#handlers.onControl(this.#type, taken, header);
    return rest;
  }

  /** Takes `length` bytes, of which some may have come with earlier chunks. */
  #collect(length: number, chunk: Buffer): { readonly taken?: Buffer; readonly rest: Buffer } {
    if (!this.#partial && chunk.length >= length) {
      return { taken: chunk.subarray(0, length), rest: chunk.subarray(length) };
    }
    // A copy, for these few bytes would keep the whole chunk.
    const partial = (this.#partial ??= Buffer.allocUnsafe(length));
    const copied = chunk.copy(partial, this.#filled);
    this.#filled += copied;
    const rest = chunk.subarray(copied);
    if (this.#filled < length) return { rest };
    this.#partial = undefined;
    this.#filled = 0;
    return { taken: partial, rest };
  }
}

function noSuchFrame(type: number, length: number): AgentLinkError {
  return new AgentLinkError(
    'protocol',
    `The other side of the session sent a frame of type ${type} with ${length} bytes, which there is not`,
  );
}
