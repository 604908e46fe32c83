import { once } from 'node:events';
import { fstatSync } from 'node:fs';
import * as net from 'node:net';
import { formatOffer, TAKEN } from '../agentProtocol/pipeOffer';
import { CodedError, describeError } from '../base/errors';
import { pipesSocketIn, socketIn } from './agentFolder';

/** `not-running`: nothing answers in the folder. */
export class AttachError extends CodedError<'not-running'> {}

/**
 * Makes this process's stdin and stdout a carrier of the agent in that folder. Resolves when the agent is done with it,
 * or nobody reads stdout any more.
 * What goes by is none of its business: the two ends prove to each other who they are.
 */
export async function attach(dir: string): Promise<void> {
  if (await areTaken(pipesSocketIn(dir))) return;
  await relay(socketIn(dir));
}

/** Hands stdin and stdout over to the agent. True once it is done with them, false if it does not take them. */
async function areTaken(pipesSocket: string): Promise<boolean> {
  const socket = net.connect(pipesSocket);
  const inodeOf = (fd: number): bigint => fstatSync(fd, { bigint: true }).ino;
  socket.write(formatOffer({ pid: process.pid, input: inodeOf(0), output: inodeOf(1) }));
  let answer = '';
  try {
    for await (const chunk of socket) answer += String(chunk);
  } catch {
    // An agent that is not there, or no longer, says so by what it did not answer.
  }
  return answer === TAKEN;
}

/** Joins stdin and stdout with the agent. */
async function relay(agentSocket: string): Promise<void> {
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
  input.once('error', () => socket.destroy());
  input.pipe(socket);
  socket.pipe(output);
  // Not for the input's end, of which the agent hears. Were the socket closed then, the agent's next write would fail,
  // and with it would go what it has not read yet: the end of the session.
  await Promise.race([ended(output), ended(socket)]);
}

/** Nobody is to be told why: the other end of a broken carrier knows. */
function ended(socket: net.Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once('error', () => resolve());
    socket.once('close', () => resolve());
  });
}
