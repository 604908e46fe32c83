import type { Socket } from 'node:net';
import { pipeline } from 'node:stream';
import {
  createMessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
  type MessageConnection,
} from 'vscode-jsonrpc/node';
import { describeError } from '../base/errors';
import type { Logger } from '../base/logger';
import { FrameLimit } from './frameLimit';

/**
 * Speaks JSON-RPC on a socket. The channel ends with the socket, and whatever goes wrong on it ends both; pending
 * requests then reject. The caller adds its handlers and calls `listen()`.
 */
export function openChannel(socket: Socket, maxMessageBytes: number, log: Logger): MessageConnection {
  const limited = new FrameLimit(maxMessageBytes);
  const fail = (error: unknown): void => {
    log.debug(`Broker channel: ${describeError(error)}`);
    socket.destroy();
  };
  pipeline(socket, limited, (error) => {
    if (error) fail(error);
  });
  // After the pipeline is over, writes may still fail.
  socket.on('error', fail);
  const reader = new StreamMessageReader(limited);
  // Else a peer that breaks off within a message leaves a timer, which starts itself again for ever.
  reader.partialMessageTimeout = 0;
  const channel = createMessageConnection(reader, new StreamMessageWriter(socket), {
    // Its messages may quote what a peer sent.
    error: () => undefined,
    warn: () => undefined,
    info: () => undefined,
    log: () => undefined,
  });
  channel.onError(([error]) => fail(error));
  socket.once('close', () => channel.dispose());
  return channel;
}
