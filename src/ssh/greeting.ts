import { Duplex, type Readable, type Writable } from 'node:stream';

/**
 * Our software name in the identification string (RFC 4253 section 4.2). OpenSSH's client says that nobody reads
 * its output (`eow@openssh.com`) only to a server whose name begins like this; without it, `ssh box yes | head -1`
 * would never end.
 */
export const SSH_IDENT = 'OpenSSH_CloudSandboxes_1';
const IDENTIFICATION = Buffer.from(`SSH-2.0-${SSH_IDENT}\r\n`);

/** Enough to keep ssh2 busy while the pipe is refilled. */
const READABLE_HIGH_WATER_BYTES = 256 * 1024;
/** Enough to fill the pipe several times while we do something else. */
const WRITABLE_HIGH_WATER_BYTES = 512 * 1024;

/**
 * The local ssh's pipes as one stream for ssh2. It closes as soon as the input ends: that is how the local ssh
 * ends, at any time, also before anybody reads. The identification string is sent at once:
 * ConnectTimeout bounds the wait for that line alone, and the host key that ssh2 needs to begin comes from a broker
 * that may still be starting. ssh2's own copy of the line is dropped.
 */
export class GreetedStream extends Duplex {
  readonly #input: Readable;
  readonly #output: Writable;
  #toDrop = IDENTIFICATION.length;
  #bytesPassed = 0;

  constructor(input: Readable, output: Writable) {
    super({
      readableHighWaterMark: READABLE_HIGH_WATER_BYTES,
      writableHighWaterMark: WRITABLE_HIGH_WATER_BYTES,
    });
    // One for each channel that waits to go on.
    this.setMaxListeners(0);
    this.#input = input;
    this.#output = output;
    output.write(IDENTIFICATION);
    input.on('data', (chunk: Buffer) => {
      this.#bytesPassed += chunk.length;
      if (!this.push(chunk)) input.pause();
    });
    input.on('end', () => this.destroy());
    input.on('close', () => this.destroy());
    input.on('error', (error) => this.destroy(error));
    output.on('error', (error) => this.destroy(error));
    input.resume();
  }

  /** Bytes in both directions so far. */
  get bytesPassed(): number {
    return this.#bytesPassed;
  }

  override _read(): void {
    this.#input.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    const dropped = Math.min(this.#toDrop, chunk.length);
    this.#toDrop -= dropped;
    this.#bytesPassed += chunk.length;
    if (dropped === chunk.length) callback();
    else this.#output.write(chunk.subarray(dropped), callback);
  }

  /** Hands on what was written while corked as one write: ssh2 writes each packet in three pieces. */
  override _writev(
    chunks: readonly { readonly chunk: Buffer; readonly encoding: BufferEncoding }[],
    callback: (error?: Error | null) => void,
  ): void {
    this.#output.cork();
    for (const [index, { chunk, encoding }] of chunks.entries()) {
      this._write(chunk, encoding, index === chunks.length - 1 ? callback : () => undefined);
    }
    this.#output.uncork();
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#output.end(() => callback());
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#input.destroy();
    this.#output.destroy();
    callback(error);
  }
}
