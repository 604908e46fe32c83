import { Transform, type TransformCallback } from 'node:stream';

const MAX_HEADER_BYTES = 256;
const headerEnd = '\r\n\r\n';

/**
 * Passes JSON-RPC frames ("Content-Length: n", an empty line, n bytes) through unchanged, and fails at the first one
 * that is larger than allowed: the reader behind it collects a frame whole, however long it claims to be.
 */
export class FrameLimit extends Transform {
  #header = '';
  #bodyLeft = 0;

  constructor(private readonly maxBytes: number) {
    super();
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    try {
      this.#check(chunk);
      done(null, chunk);
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #check(chunk: Buffer): void {
    let offset = 0;
    while (offset < chunk.length) {
      if (this.#bodyLeft > 0) {
        const taken = Math.min(this.#bodyLeft, chunk.length - offset);
        this.#bodyLeft -= taken;
        offset += taken;
      } else {
        offset += this.#readHeader(chunk.subarray(offset));
      }
    }
  }

  /** Takes what it can of a header, and says how many bytes that was. */
  #readHeader(bytes: Buffer): number {
    const before = this.#header.length;
    this.#header += bytes.subarray(0, MAX_HEADER_BYTES - before).toString('latin1');
    const end = this.#header.indexOf(headerEnd);
    if (end < 0) {
      if (this.#header.length >= MAX_HEADER_BYTES) throw new Error('A JSON-RPC header is too long');
      return this.#header.length - before;
    }
    this.#bodyLeft = this.#contentLength(this.#header.slice(0, end));
    this.#header = '';
    return end + headerEnd.length - before;
  }

  #contentLength(header: string): number {
    const [first, ...more] = header.matchAll(/^content-length:[ \t]*(\d{1,12})[ \t]*$/gim);
    // Two lengths: the reader might believe the other one.
    if (!first || more.length > 0) throw new Error('A JSON-RPC header has no single Content-Length');
    const length = Number(first[1]);
    if (length > this.maxBytes) throw new Error(`A JSON-RPC message of ${length} bytes is too large`);
    return length;
  }
}
