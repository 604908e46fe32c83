import type { Socket } from 'node:net';
import type { Channel } from '../agentProtocol/channels/channel';

/** How long a connection's peer may take for what is still on its way when the channel has ended. */
const FLUSH_MS = 30_000;

/**
 * Makes a channel and a connection one: both directions, each with its own end. The socket is the channel's from here
 * on; a connection that breaks closes the channel, and the other way round.
 */
export function joinSocket(channel: Channel, socket: Socket): void {
  socket.setNoDelay(true);
  socket.once('close', (hadError) => {
    if (hadError) channel.destroy();
  });
  channel.once('close', () => {
    if (!channel.isComplete) {
      socket.destroy();
      return;
    }
    socket.setTimeout(FLUSH_MS, () => socket.destroy());
    socket.destroySoon();
  });
  channel.pipe(socket);
  socket.pipe(channel);
}
