import { once } from 'node:events';
import * as fs from 'node:fs/promises';
import * as net from 'node:net';
import type { Duplex } from 'node:stream';
import { DisposableStore, type Disposable } from '../../base/disposable';
import { CodedError, errnoOf } from '../../base/errors';
import { withFileLock } from '../../base/fileLock';
import type { Logger } from '../../base/logger';
import type { AgentFolder } from '../agentFolder';
import { startServer } from '../startServer';
import { createPipesServer } from './offeredPipes';

/** `running`: another agent serves the folder. */
export class AgentRunningError extends CodedError<'running'> {}

/**
 * Listens on the folder's sockets. Only one agent does: a socket that nobody answers on is a dead agent's and replaced.
 * Rejects with an {@link AgentRunningError} where one answers.
 */
export function listenInFolder(
  folder: AgentFolder,
  onCarrier: (carrier: Duplex) => void,
  log: Logger,
): Promise<Disposable> {
  // Two agents that start at once would else both find a dead one's socket, and the second remove the first's.
  return withFileLock(folder.lock, async () => {
    if (await answers(folder.socket)) {
      throw new AgentRunningError('running', `An agent runs in ${folder.path} already`);
    }
    const servers = new DisposableStore();
    const listen = async (server: net.Server, path: string): Promise<void> => {
      await fs.rm(path, { force: true });
      await startServer(server, { path }, log);
      servers.defer(() => server.close());
    };
    try {
      // First: on the other one an agent is seen to run.
      await listen(createPipesServer({ onCarrier, log }), folder.pipesSocket);
      await listen(net.createServer(onCarrier), folder.socket);
      return servers;
    } catch (error) {
      servers.dispose();
      throw error;
    }
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
