import type { Duplex } from 'node:stream';
import type { Connection, ServerChannel } from 'ssh2';
import { ChannelOutput } from './channelOutput';

/** The sandbox's ends of one client's forwarded connections, whoever opened them. They end with the client. */
export class ForwardedStreams {
  readonly #live = new Set<Duplex>();
  #isOver = false;

  constructor(connection: Connection) {
    connection.once('close', () => {
      this.#isOver = true;
      // A channel's own end is told only once its input has been read.
      for (const stream of this.#live) stream.destroy();
    });
  }

  get size(): number {
    return this.#live.size;
  }

  /** Owns a stream from now on; destroys it at once if the client is gone. */
  add(stream: Duplex): void {
    this.#live.add(stream);
    stream.once('close', () => this.#live.delete(stream));
    if (this.#isOver) stream.destroy();
  }
}

/** Joins a channel and a stream. Each direction ends by itself; the channel closes when the stream has. */
export function join(channel: ServerChannel, stream: Duplex): void {
  const output = new ChannelOutput(channel);
  if (stream.destroyed) {
    output.close();
    return;
  }
  output.stderr.end();
  channel.on('close', () => {
    // After the last byte of both directions a client closes at once: what it sent is still on its way.
    if (!stream.readableEnded || !stream.writableEnded) stream.destroy();
  });
  stream.on('error', () => output.close());
  stream.on('close', () => {
    if (output.stdout.writableFinished) output.close();
    else output.stdout.once('finish', () => output.close());
  });
  channel.pipe(stream).pipe(output.stdout);
}
