import { Duplex } from 'node:stream';

export interface CarrierPairOptions {
  /** Length of the next piece in which bytes are delivered; all that was written at once if it is left out. */
  readonly pieceBytes?: () => number;
  /** How much an end takes before it has its writer wait. */
  readonly writableHighWaterMark?: number;
}

/** The two ends of a connection within this process, which fails as a test says. */
export interface CarrierPair {
  readonly near: FaultyCarrier;
  readonly far: FaultyCarrier;
}

export function carrierPair(options: CarrierPairOptions = {}): CarrierPair {
  const near = new FaultyCarrier(options);
  const far = new FaultyCarrier(options);
  near.other = far;
  far.other = near;
  return { near, far };
}

/** What is written comes out of the other end, in order and with back-pressure, at a later turn of the event loop. */
export class FaultyCarrier extends Duplex {
  other!: FaultyCarrier;
  readonly #pieceBytes: () => number;
  #untilCut = Infinity;
  #isSilent = false;
  #resume: (() => void) | undefined;

  constructor({ pieceBytes = () => Infinity, ...marks }: CarrierPairOptions) {
    super(marks);
    this.#pieceBytes = pieceBytes;
  }

  /** Cuts the connection, on both ends, once this many more bytes of this end have arrived. */
  cutAfter(bytes: number): void {
    this.#untilCut = bytes;
  }

  /** From now on nothing that this end writes arrives, and nobody is told. */
  goSilent(): void {
    this.#isSilent = true;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    setImmediate(() => this.#deliver(chunk, done));
  }

  override _final(done: () => void): void {
    if (!this.#isSilent && !this.other.destroyed) this.other.push(null);
    done();
  }

  override _read(): void {
    const resume = this.other.#resume;
    this.other.#resume = undefined;
    resume?.();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const { other } = this;
    if (!this.#isSilent) setImmediate(() => other.destroy());
    done(error);
  }

  #deliver(chunk: Buffer, done: () => void): void {
    if (this.destroyed || this.other.destroyed) return;
    if (this.#isSilent) {
      done();
      return;
    }
    const length = Math.min(chunk.length, this.#pieceBytes(), this.#untilCut);
    const rest = chunk.subarray(length);
    const next = rest.length > 0 ? (): void => void setImmediate(() => this.#deliver(rest, done)) : done;
    const hasRoom = length === 0 || this.other.push(chunk.subarray(0, length));
    this.#untilCut -= length;
    if (this.#untilCut === 0) this.destroy();
    else if (hasRoom) next();
    else this.#resume = next;
  }
}
