import { once } from 'node:events';
import * as net from 'node:net';
import { CodedError, describeError } from '../base/errors';

/** `not-running`: nothing answers in the folder. */
export class AttachError extends CodedError<'not-running'> {}

/**
 * Joins this process's stdin and stdout with an agent, as one carrier. Resolves when either side ends.
 * What goes by is none of its business: the two ends prove to each other who they are.
 */
export async function attach(agentSocket: string): Promise<void> {
  const socket = net.connect(agentSocket);
  try {
    await once(socket, 'connect');
  } catch (cause) {
    throw new AttachError('not-running', `No agent answers at ${agentSocket}: ${describeError(cause)}`, {
      cause,
    });
  }
  // process.stdout would write to a pipe synchronously, and so hold the other direction.
  const input = new net.Socket({ fd: 0, writable: false });
  const output = new net.Socket({ fd: 1, readable: false });
  input.pipe(socket);
  socket.pipe(output);
  await Promise.race([ended(input), ended(output), ended(socket)]);
}

/** Nobody is to be told why: the other end of a broken carrier knows. */
function ended(socket: net.Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once('error', () => resolve());
    socket.once('close', () => resolve());
  });
}
