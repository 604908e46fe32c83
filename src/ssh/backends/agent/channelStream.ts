import type { ClientHttp2Stream } from 'node:http2';
import { Duplex } from 'node:stream';
import type { AgentSession } from './agentSession';

type Callback = (error?: Error | null) => void;

/**
 * A channel as a stream of its own, which may be destroyed at any time: a stream of HTTP/2 that is destroyed sends a
 * RST_STREAM, of which an agent bears only so many (see `operations.cancel`).
 */
export class ChannelStream extends Duplex {
  readonly #channel: ClientHttp2Stream;
  readonly #session: AgentSession;

  constructor(channel: ClientHttp2Stream, session: AgentSession) {
    super({
      readableHighWaterMark: channel.readableHighWaterMark,
      writableHighWaterMark: channel.writableHighWaterMark,
    });
    this.#channel = channel;
    this.#session = session;
    channel.on('data', (chunk: Buffer) => {
      if (!this.push(chunk) && !this.destroyed) channel.pause();
    });
    channel.on('end', () => this.push(null));
    channel.on('error', (error: Error) => this.destroy(error));
    channel.on('close', () => this.#onClose());
    channel.pause();
  }

  override _read(): void {
    this.#channel.resume();
  }

  override _writev(chunks: { chunk: Buffer }[], done: Callback): void {
    const last = chunks.pop();
    this.#channel.cork();
    for (const { chunk } of chunks) this.#channel.write(chunk);
    this.#channel.write(last?.chunk, done);
    this.#channel.uncork();
  }

  override _final(done: Callback): void {
    this.#channel.end(done);
  }

  override _destroy(error: Error | null, done: Callback): void {
    this.#session.abandon(this.#channel);
    done(error);
  }

  /** What came before the channel's proper end is still read. */
  #onClose(): void {
    if (this.#channel.readableEnded && !this.readableEnded) this.once('end', () => this.destroy());
    else this.destroy();
  }
}
