import { once } from 'node:events';
import * as fs from 'node:fs/promises';
import * as net from 'node:net';
import { CodedError, errnoOf } from '../../base/errors';
import { withFileLock } from '../../base/fileLock';
import type { AgentFolder } from '../agentFolder';
import { listenPrivately } from '../listenPrivately';

/** `running`: another agent serves the folder. */
export class AgentRunningError extends CodedError<'running'> {}

/**
 * Listens on the folder's socket. Only one agent does: a socket that nobody answers on is a dead agent's and replaced.
 * Rejects with an {@link AgentRunningError} where one answers.
 */
export function listenInFolder(
  folder: AgentFolder,
  onCarrier: (carrier: net.Socket) => void,
): Promise<net.Server> {
  // Two agents that start at once would else both find a dead one's socket, and the second remove the first's.
  return withFileLock(folder.lock, async () => {
    if (await answers(folder.socket)) {
      throw new AgentRunningError('running', `An agent runs in ${folder.path} already`);
    }
    await fs.rm(folder.socket, { force: true });
    const server = net.createServer(onCarrier);
    listenPrivately(server, { path: folder.socket });
    await once(server, 'listening');
    return server;
  });
}

async function answers(path: string): Promise<boolean> {
  const socket = net.connect(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch (error) {
    if (['ENOENT', 'ECONNREFUSED', 'ENOTSOCK'].includes(errnoOf(error) ?? '')) return false;
    throw error;
  } finally {
    socket.destroy();
  }
}
