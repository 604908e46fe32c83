import type { Readable } from 'node:stream';

/** An error needs no more than this: whoever reads finds the stream destroyed. */
const EVENTS = ['readable', 'end', 'close', 'error'] as const;

/** Takes bytes off a stream by count, all that come from now on. One read at a time. */
export class ByteReader {
  readonly #stream: Readable;
  readonly #onEvent = (): void => this.#wake();
  #wake: () => void = () => undefined;

  constructor(stream: Readable) {
    this.#stream = stream;
    // To listen from the start keeps what a child process prints before it ends: Node drops what nobody waits for.
    for (const event of EVENTS) stream.on(event, this.#onEvent);
  }

  /** Leaves the rest of the stream to another reader, as if nobody had listened. Not while a read is under way. */
  release(): void {
    for (const event of EVENTS) this.#stream.off(event, this.#onEvent);
  }

  /** The next `length` bytes; fewer only where the stream ends. */
  async read(length: number): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let missing = length;
    while (missing > 0) {
      const available = Math.min(missing, this.#stream.readableLength);
      const chunk = available > 0 ? (this.#stream.read(available) as Buffer | null) : null;
      if (chunk) {
        chunks.push(chunk);
        missing -= chunk.length;
      } else if (this.#isAtEnd()) {
        break;
      } else {
        await this.#somethingHappens();
      }
    }
    return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
  }

  /** What comes before the marker, and takes that off too. Undefined if the stream, or so many bytes, have none. */
  async readUntil(marker: string, limit: number): Promise<Buffer | undefined> {
    const wanted = Buffer.from(marker);
    let found = Buffer.alloc(0);
    while (found.length < limit) {
      const chunk = this.#stream.read() as Buffer | null;
      if (chunk) {
        found = Buffer.concat([found, chunk]);
        const at = found.indexOf(wanted);
        if (at < 0) continue;
        const rest = found.subarray(at + wanted.length);
        if (rest.length > 0) this.#stream.unshift(rest);
        return found.subarray(0, at);
      }
      if (this.#isAtEnd()) return undefined;
      await this.#somethingHappens();
    }
    return undefined;
  }

  #isAtEnd(): boolean {
    return this.#stream.readableEnded || this.#stream.destroyed;
  }

  #somethingHappens(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      // An empty stream emits `end` only when it is asked for more.
      this.#stream.read(0);
    });
  }
}
