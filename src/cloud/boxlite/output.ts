import { Readable } from 'node:stream';
import { endIfEmpty } from '../../base/endIfEmpty';

/** Bytes that are taken from the network ahead of the reader. */
const HIGH_WATER_BYTES = 256 * 1024;

/** One output of a remote process. Tells when its reader is slow, so that the socket can be held. */
export class Output extends Readable {
  #isFull = false;

  /** `onRoom` is called when a full output has room again. */
  constructor(private readonly onRoom: () => void) {
    super({ highWaterMark: HIGH_WATER_BYTES });
    // A stream that fails without a listener would end the whole program; the process's `exited` has the reason.
    this.on('error', () => undefined);
  }

  get isFull(): boolean {
    return this.#isFull;
  }

  deliver(data: Buffer): void {
    if (this.destroyed || data.length === 0) return;
    this.#isFull = !this.push(data);
  }

  /** Resolves once the reader has read all of it or has destroyed it. */
  finish(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      if (this.closed) resolve();
      else this.once('close', resolve);
    });
    if (!this.destroyed) this.push(null);
    endIfEmpty(this);
    return closed;
  }

  override _read(): void {
    this.#makeRoom();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#makeRoom();
    callback(error);
  }

  #makeRoom(): void {
    if (!this.#isFull) return;
    this.#isFull = false;
    this.onRoom();
  }
}
