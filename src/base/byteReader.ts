import type { Readable } from 'node:stream';

/** An error needs no more than this: whoever reads finds the stream destroyed. */
const EVENTS = ['readable', 'end', 'close', 'error'] as const;

/** Takes bytes off a stream by count, all that come from now on. One read at a time. */
export class ByteReader {
  readonly #stream: Readable;
  #wake: () => void = () => undefined;

  constructor(stream: Readable) {
    this.#stream = stream;
    // To listen from the start keeps what a child process prints before it ends: Node drops what nobody waits for.
    for (const event of EVENTS) stream.on(event, () => this.#wake());
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
