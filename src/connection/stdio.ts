import { Socket } from 'node:net';

/**
 * Our ends of the local ssh's pipes. `process.stdout` would do, but writes to a pipe synchronously on POSIX and so
 * stops everything while ssh does not read. On Windows Node does so to any socket of that number (lib/net.js).
 */
export function openStdio(): { input: Socket; output: Socket } {
  return { input: new Socket({ fd: 0, writable: false }), output: new Socket({ fd: 1, readable: false }) };
}
