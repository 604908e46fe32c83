import { Duplex } from 'node:stream';
import type { ClientChannel } from 'ssh2';

/**
 * A forwarded connection as a stream that behaves like a socket: each direction ends by itself, it closes once both
 * have, and destroying it closes the channel. ssh2's own stream closes only if somebody reads it to its end, and
 * never says that it is destroyed.
 */
export class ChannelStream extends Duplex {
  readonly #channel: ClientChannel;

  constructor(channel: ClientChannel) {
    super();
    this.#channel = channel;
    channel.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) channel.pause();
    });
    channel.once('end', () => this.push(null));
    channel.once('close', () => {
      // In order, it closes after this end of file has been read; what is still to be written has no reader any more.
      if (this.writableFinished) return;
      if (this.readableEnded) this.destroy();
      else this.once('end', () => this.destroy());
    });
    // Nothing of a forward comes on it, but it would hold up the channel's end.
    channel.stderr.resume();
    channel.on('error', (error: Error) => this.destroy(error));
  }

  override _read(): void {
    this.#channel.resume();
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#channel.write(chunk, encoding, callback);
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#channel.end(() => callback());
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#channel.destroy();
    this.#channel.resume();
    callback(error);
  }
}
