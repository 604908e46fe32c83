import type { Readable } from 'node:stream';

const EVENTS = ['readable', 'end', 'close', 'error'] as const;

/** Takes bytes off a stream by count. One read at a time. */
export class ByteReader {
  readonly #stream: Readable;

  constructor(stream: Readable) {
    this.#stream = stream;
    // Whoever reads finds the stream destroyed; an error without a listener would end this process.
    stream.on('error', () => undefined);
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
      const settle = (): void => {
        for (const event of EVENTS) this.#stream.off(event, settle);
        resolve();
      };
      for (const event of EVENTS) this.#stream.on(event, settle);
      // An empty stream emits `end` only when it is asked for more.
      this.#stream.read(0);
    });
  }
}
