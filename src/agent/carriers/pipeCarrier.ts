import type { Socket } from 'node:net';
import { Duplex, finished } from 'node:stream';

/** How long what came before the end of `attach` may take to be read. */
const LAST_READ_MS = 1_000;

type Callback = (error?: Error | null) => void;

export interface AttachedPipes {
  /** The stdin and stdout of an `attach`. */
  readonly input: Socket;
  readonly output: Socket;
  /** On which that `attach` waits for the end; its own end closes it. */
  readonly attach: Socket;
}

/** The stdin and stdout of an `attach` as a carrier, which owns them. The process ends with it. */
export class PipeCarrier extends Duplex {
  readonly #input: Socket;
  readonly #output: Socket;
  readonly #attach: Socket;
  #lastRead: NodeJS.Timeout | undefined;

  constructor({ input, output, attach }: AttachedPipes) {
    super({ allowHalfOpen: false });
    this.#input = input;
    this.#output = output;
    this.#attach = attach;
    input.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) input.pause();
    });
    input.on('end', () => this.push(null));
    input.on('error', (error) => this.destroy(error));
    output.on('error', () => this.#readToEnd());
    // It has no more to say, but nobody is told of the end of what is not read.
    attach.resume();
    finished(attach, () => this.#readToEnd());
  }

  override _read(): void {
    this.#input.resume();
  }

  override _writev(chunks: { chunk: Buffer }[], done: Callback): void {
    const output = this.#output;
    const last = chunks.length - 1;
    // Where nobody reads any more the carrier ends once it is read itself, and not by an error before that.
    const onWritten = (): void => done();
    output.cork();
    chunks.forEach(({ chunk }, at) => output.write(chunk, at === last ? onWritten : undefined));
    output.uncork();
  }

  /** Has `attach` end, once all is in the pipe. */
  override _final(done: Callback): void {
    this.#output.end(() => {
      this.#attach.end();
      done();
    });
  }

  override _destroy(error: Error | null, done: Callback): void {
    clearTimeout(this.#lastRead);
    for (const socket of [this.#input, this.#output, this.#attach]) socket.destroy();
    done(error);
  }

  /** Nobody reads what we write. What was written to us before, such as that the session is over, is still read. */
  #readToEnd(): void {
    if (this.destroyed || this.#lastRead) return;
    this.#output.destroy();
    this.#lastRead = setTimeout(() => this.destroy(), LAST_READ_MS);
  }
}
