import { setMaxListeners } from 'node:events';
import type { Duplex } from 'node:stream';
import type { Connection, ServerChannel } from 'ssh2';
import { describeError, describeErrorChain } from '../base/errors';
import { describeTarget, type DialTarget } from './backend';
import { join, type ForwardedStreams } from './forwardedStreams';
import type { BridgeContext } from './session';
import { rejectBecause } from './ssh2Internals';

/**
 * Serves `direct-tcpip` (RFC 4254 section 7.2) and OpenSSH's `direct-streamlocal@openssh.com`. A channel is
 * confirmed only once the target answered, so that a refused one fails to open instead of closing at once.
 */
export function serveForwards(
  connection: Connection,
  context: BridgeContext,
  streams: ForwardedStreams,
): void {
  connection.on('tcpip', (accept, reject, { destIP, destPort }) => {
    void forward({ kind: 'tcp', host: destIP, port: destPort }, accept, reject);
  });
  connection.on('openssh.streamlocal', (accept, reject, { socketPath }) => {
    void forward({ kind: 'unix', path: socketPath }, accept, reject);
  });

  const closed = new AbortController();
  // As many as the client has channels.
  setMaxListeners(0, closed.signal);
  connection.once('close', () => closed.abort());

  async function forward(target: DialTarget, accept: () => ServerChannel, reject: () => void): Promise<void> {
    let stream: Duplex;
    try {
      stream = await context.backend.dial(target, closed.signal);
    } catch (error) {
      context.log.info(`forward to ${describeTarget(target)} refused: ${describeErrorChain(error)}`);
      rejectBecause(connection, reject, describeError(error));
      return;
    }
    streams.add(stream);
    join(accept(), stream);
  }
}
