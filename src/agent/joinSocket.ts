import { constants, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';

/** How long a connection's peer may take for what is still on its way when the channel has ended. */
const FLUSH_MS = 30_000;

/**
 * Makes a channel and a connection one: both directions, each with its own end. The socket is the channel's from here
 * on; a connection that breaks resets the channel, and the other way round.
 */
export function joinSocket(request: ServerHttp2Stream, socket: Socket): void {
  socket.setNoDelay(true);
  socket.once('close', (hadError) => {
    if (hadError && !request.closed) request.close(constants.NGHTTP2_CONNECT_ERROR);
  });
  request.once('close', () => {
    if (request.rstCode !== constants.NGHTTP2_NO_ERROR) {
      socket.destroy();
      return;
    }
    socket.setTimeout(FLUSH_MS, () => socket.destroy());
    socket.destroySoon();
  });
  request.pipe(socket);
  socket.pipe(request);
}
