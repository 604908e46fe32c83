import * as path from 'node:path';
import { OperationError } from './operationError';

/** Of sockaddr_un.sun_path without its NUL: unix(7), and macOS's unix(4). */
const MAX_PATH_BYTES = process.platform === 'linux' ? 107 : 103;

/**
 * The full path of a Unix socket; relative ones begin at `home`. Throws an {@link OperationError} `refused` for one that
 * no socket can have: Node would silently cut it, and so reach or make another.
 */
export function socketPath(home: string, name: string): string {
  const full = path.resolve(home, name);
  if (Buffer.byteLength(full) <= MAX_PATH_BYTES) return full;
  throw new OperationError('refused', `A socket's path has at most ${MAX_PATH_BYTES} bytes`);
}
