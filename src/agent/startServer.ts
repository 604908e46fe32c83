import { once } from 'node:events';
import type { ListenOptions, Server } from 'node:net';
import { describeError } from '../base/errors';
import type { Logger } from '../base/logger';

/** Of a Unix socket: nobody else's to connect to. */
const SOCKET_UMASK = 0o177;

/**
 * Resolves once the server listens; a Unix socket gets the permissions 0600. What fails afterwards, such as an accept(2)
 * without a free descriptor, is logged and costs that connection alone. Rejects with the system's error, and the server
 * is closed.
 */
export async function startServer(server: Server, options: ListenOptions, log: Logger): Promise<void> {
  try {
    listen(server, options);
    await once(server, 'listening');
  } catch (error) {
    // Node 18 gives one of HTTP a timer that runs until then, whether it listens or not.
    server.close();
    throw error;
  }
  server.on('error', (error) => log.warn(`a listener failed: ${describeError(error)}`));
}

/**
 * The umask belongs to the whole process and is what programs inherit, so it is changed for no longer than bind(2)
 * takes, which a call of `listen` does before it returns.
 */
function listen(server: Server, options: ListenOptions): void {
  if (options.path === undefined) {
    server.listen(options);
    return;
  }
  const usual = process.umask(SOCKET_UMASK);
  try {
    server.listen(options);
  } finally {
    process.umask(usual);
  }
}
