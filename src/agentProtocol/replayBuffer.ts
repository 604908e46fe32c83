/** Chunks below this are copied together: each that is kept costs more than its bytes. */
const SMALL_BYTES = 2048;
const SLAB_BYTES = 64 * 1024;

/**
 * What was written to a stream and not yet acknowledged, as one run of bytes with a cursor in it: before the cursor
 * are bytes that were sent, behind it those that were not. Positions count from the beginning of the stream.
 */
export class ReplayBuffer {
  #chunks: Buffer[] = [];
  /** Position of the first byte of the first chunk; some of that chunk may be acknowledged. */
  #base = 0;
  #acknowledged = 0;
  #end = 0;
  #sent = 0;
  #highestSent = 0;
  /** Where the cursor is: a chunk, and how many of its bytes are before the cursor. */
  #cursor = 0;
  #cursorOffset = 0;
  /** Where small chunks are put; its first bytes are taken. */
  #slab: Buffer = Buffer.alloc(0);
  #slabUsed = 0;
  /** The last chunk lies in the slab, right before its free part. */
  #lastIsInSlab = false;

  /** Bytes that are kept. */
  get length(): number {
    return this.#end - this.#acknowledged;
  }

  /** Position before which nothing is kept. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** Bytes behind the cursor. */
  get unsent(): number {
    return this.#end - this.#sent;
  }

  /** Whether the other side can truthfully say that it has everything before this position. */
  canAcknowledge(position: number): boolean {
    return position >= this.#acknowledged && position <= this.#highestSent;
  }

  /** Keeps a chunk, which must not change afterwards. */
  append(chunk: Buffer): void {
    this.#end += chunk.length;
    if (chunk.length >= SMALL_BYTES) {
      this.#chunks.push(chunk);
      this.#lastIsInSlab = false;
    } else if (chunk.length > 0) {
      this.#appendCopy(chunk);
    }
  }

  /** The next bytes behind the cursor, at most `max` of them; moves the cursor behind them. */
  take(max: number): Buffer[] {
    const taken: Buffer[] = [];
    let missing = Math.min(max, this.unsent);
    this.#sent += missing;
    this.#highestSent = Math.max(this.#highestSent, this.#sent);
    for (let chunk = this.#chunks[this.#cursor]; chunk && missing > 0; chunk = this.#chunks[this.#cursor]) {
      const end = Math.min(chunk.length, this.#cursorOffset + missing);
      if (end > this.#cursorOffset) {
        taken.push(
          end - this.#cursorOffset === chunk.length ? chunk : chunk.subarray(this.#cursorOffset, end),
        );
      }
      missing -= end - this.#cursorOffset;
      this.#cursorOffset = end;
      if (missing > 0) this.#nextChunk();
    }
    return taken;
  }

  /** Lets go of all before this position, for which {@link canAcknowledge} must hold. */
  acknowledge(position: number): void {
    this.#acknowledged = position;
    let gone = 0;
    for (const chunk of this.#chunks) {
      if (this.#base + chunk.length > position) break;
      this.#base += chunk.length;
      gone++;
    }
    if (gone === 0) return;
    this.#chunks.splice(0, gone);
    this.#cursor -= gone;
    if (this.#cursor < 0) this.#moveCursorToStart();
  }

  /** Like {@link acknowledge}; what follows counts as not sent. */
  rewind(position: number): void {
    this.acknowledge(position);
    this.#moveCursorToStart();
    this.#cursorOffset = position - this.#base;
    this.#sent = position;
  }

  clear(): void {
    this.#chunks = [];
    this.#slab = Buffer.alloc(0);
    this.#slabUsed = 0;
    this.#lastIsInSlab = false;
    this.#base = this.#acknowledged = this.#sent = this.#end;
    this.#moveCursorToStart();
  }

  #appendCopy(chunk: Buffer): void {
    if (this.#slabUsed + chunk.length > this.#slab.length) {
      // Not from Node's shared pool, which others would keep alive along with it.
      this.#slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
      this.#slabUsed = 0;
      this.#lastIsInSlab = false;
    }
    const last = this.#lastIsInSlab ? this.#chunks.pop() : undefined;
    const start = this.#slabUsed - (last?.length ?? 0);
    chunk.copy(this.#slab, this.#slabUsed);
    this.#slabUsed += chunk.length;
    this.#chunks.push(this.#slab.subarray(start, this.#slabUsed));
    this.#lastIsInSlab = true;
  }

  #nextChunk(): void {
    this.#cursor++;
    this.#cursorOffset = 0;
  }

  #moveCursorToStart(): void {
    this.#cursor = 0;
    this.#cursorOffset = 0;
  }
}
