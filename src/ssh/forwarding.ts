import { setMaxListeners } from 'node:events';
import type { Duplex } from 'node:stream';
import type { Connection, ServerChannel } from 'ssh2';
import { describeError, describeErrorChain } from '../base/errors';
import type { DialTarget } from './backend';
import { ChannelOutput } from './channelOutput';
import type { BridgeContext } from './session';
import { rejectBecause } from './ssh2Internals';

/**
 * Serves `direct-tcpip` (RFC 4254 section 7.2) and OpenSSH's `direct-streamlocal@openssh.com`. A channel is
 * confirmed only once the target answered, so that a refused one fails to open instead of closing at once.
 */
export function serveForwards(connection: Connection, context: BridgeContext): void {
  connection.on('tcpip', (accept, reject, { destIP, destPort }) => {
    void forward({ kind: 'tcp', host: destIP, port: destPort }, accept, reject);
  });
  connection.on('openssh.streamlocal', (accept, reject, { socketPath }) => {
    void forward({ kind: 'unix', path: socketPath }, accept, reject);
  });

  const closed = new AbortController();
  // As many as the client has channels.
  setMaxListeners(0, closed.signal);
  const live = new Set<Duplex>();
  connection.once('close', () => {
    closed.abort();
    // A channel's own end is told only once its input has been read.
    for (const stream of live) stream.destroy();
  });

  async function forward(target: DialTarget, accept: () => ServerChannel, reject: () => void): Promise<void> {
    let stream: Duplex;
    try {
      stream = await context.backend.dial(target, closed.signal);
    } catch (error) {
      context.log.info(`forward to ${describeTarget(target)} refused: ${describeErrorChain(error)}`);
      rejectBecause(connection, reject, describeError(error));
      return;
    }
    live.add(stream);
    stream.once('close', () => live.delete(stream));
    join(accept(), stream);
  }
}

/** Joins a channel and a stream. Each direction ends by itself; the channel closes when the stream has. */
function join(channel: ServerChannel, stream: Duplex): void {
  const output = new ChannelOutput(channel);
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

function describeTarget(target: DialTarget): string {
  return target.kind === 'tcp' ? `${target.host}:${target.port}` : target.path;
}
