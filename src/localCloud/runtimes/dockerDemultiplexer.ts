import { Readable, Writable } from 'node:stream';
import { RuntimeError } from './errors';

/** Stream type (1 byte), 3 bytes of padding, payload length (4 bytes, big endian): Engine API, "Stream format". */
const HEADER_LENGTH = 8;
const BUFFER_BYTES = 256 * 1024;
/** More than what pipes and sockets hold between a command that ended and us. */
const MAX_BYTES_AFTER_END = 4 * 1024 * 1024;

export interface DemultiplexerOptions {
  /** False: the bytes are a terminal's and have no frames; all of them are stdout. */
  readonly framed: boolean;
}

/**
 * Splits the output of an attached command into its stdout and stderr. Takes no more input while one of the two is
 * full, so that an unread stream holds the command, and forwards payload as it comes: a frame is never gathered.
 * Output that nobody can read any more, because its stream was destroyed, is dropped. A failing input ends both
 * outputs; the failure is this stream's own `error` event.
 */
export class OutputDemultiplexer extends Writable {
  readonly stdout: Readable = this.#createOutput();
  readonly stderr: Readable = this.#createOutput();
  readonly #framed: boolean;
  readonly #header = Buffer.alloc(HEADER_LENGTH);
  #headerLength = 0;
  #payloadLeft = 0;
  #payloadTarget = this.stdout;
  readonly #full = new Set<Readable>();
  readonly #ended = new Set<Readable>();
  #resume: (() => void) | undefined;
  #holding = true;

  constructor(options: DemultiplexerOptions) {
    super({ highWaterMark: BUFFER_BYTES });
    this.#framed = options.framed;
  }

  /** Whether input waits for somebody to read. */
  get isHeld(): boolean {
    return this.#resume !== undefined;
  }

  /**
   * For a command that ended or is being killed: takes the rest of its output, read or not. An output of which more
   * than {@link MAX_BYTES_AFTER_END} are left unread ends there.
   */
  stopHolding(): void {
    this.#holding = false;
    this.#full.clear();
    this.#takeMore();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    try {
      if (this.#framed) this.#split(chunk);
      else this.#forward(this.stdout, chunk);
    } catch (error) {
      done(error as Error);
      return;
    }
    if (this.#full.size === 0) done();
    else this.#resume = done;
  }

  override _final(done: (error?: Error) => void): void {
    const complete = this.#headerLength === 0 && this.#payloadLeft === 0;
    done(
      complete ? undefined : new RuntimeError('failed', "The engine's output stream ended within a frame"),
    );
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#end(this.stdout);
    this.#end(this.stderr);
    done(error);
  }

  #split(chunk: Buffer): void {
    let offset = 0;
    while (offset < chunk.length) {
      if (this.#payloadLeft === 0) {
        offset = this.#readHeader(chunk, offset);
      } else {
        const end = Math.min(chunk.length, offset + this.#payloadLeft);
        this.#forward(this.#payloadTarget, chunk.subarray(offset, end));
        this.#payloadLeft -= end - offset;
        offset = end;
      }
    }
  }

  #readHeader(chunk: Buffer, offset: number): number {
    const copied = chunk.copy(this.#header, this.#headerLength, offset);
    this.#headerLength += copied;
    if (this.#headerLength === HEADER_LENGTH) {
      this.#headerLength = 0;
      this.#payloadTarget = this.#targetOf(this.#header.readUInt8(0));
      this.#payloadLeft = this.#header.readUInt32BE(4);
    }
    return offset + copied;
  }

  #targetOf(type: number): Readable {
    // 0 is stdin, which an engine that echoes it writes to stdout; 3 is the engine's own error text.
    if (type === 0 || type === 1) return this.stdout;
    if (type === 2 || type === 3) return this.stderr;
    throw new RuntimeError('failed', `The engine's output stream has a frame of unknown type ${type}`);
  }

  #forward(output: Readable, data: Buffer): void {
    if (output.destroyed || this.#ended.has(output)) return;
    if (output.readableLength > MAX_BYTES_AFTER_END) this.#end(output);
    else if (!output.push(data) && this.#holding) this.#full.add(output);
  }

  #end(output: Readable): void {
    if (!output.destroyed && !this.#ended.has(output)) output.push(null);
    this.#ended.add(output);
  }

  #createOutput(): Readable {
    const output: Readable = new Readable({
      highWaterMark: BUFFER_BYTES,
      read: () => this.#release(output),
      destroy: (error, done) => {
        this.#release(output);
        done(error);
      },
    });
    return output;
  }

  #release(output: Readable): void {
    if (this.#full.delete(output) && this.#full.size === 0) this.#takeMore();
  }

  #takeMore(): void {
    const resume = this.#resume;
    this.#resume = undefined;
    resume?.();
  }
}
