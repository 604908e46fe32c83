import type { ListenOptions, Server } from 'node:net';

/** Of a Unix socket: nobody else's to connect to. */
const SOCKET_UMASK = 0o177;

/**
 * Begins to listen; a Unix socket gets the permissions 0600. The umask belongs to the whole process and is what
 * programs inherit, so it is changed for no longer than bind(2) takes, which a call of `listen` does before it returns.
 */
export function listenPrivately(server: Server, options: ListenOptions): void {
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
