import * as http2 from 'node:http2';
import type { Duplex } from 'node:stream';
import {
  CHANNEL_WINDOW_BYTES,
  MAX_REQUESTS,
  MAX_SESSION_MEMORY_MB,
  SESSION_WINDOW_BYTES,
} from '../agentProtocol/limits';

const MAX_HEADER_BYTES = 16 * 1024;
const MAX_HEADERS = 32;

/** The server's side of HTTP/2 over one byte stream, which it owns. `onRequest` is called with the request's path. */
export function serveHttp2(
  stream: Duplex,
  onRequest: (request: http2.ServerHttp2Stream, path: string) => void,
  onError: (error: Error) => void,
): void {
  const server = http2.createServer({
    maxSessionMemory: MAX_SESSION_MEMORY_MB,
    maxHeaderListPairs: MAX_HEADERS,
    settings: {
      enablePush: false,
      initialWindowSize: CHANNEL_WINDOW_BYTES,
      maxConcurrentStreams: MAX_REQUESTS,
      maxHeaderListSize: MAX_HEADER_BYTES,
    },
  });
  server.on('session', (session) => session.setLocalWindowSize(SESSION_WINDOW_BYTES));
  // Without a listener they are thrown where nobody can catch them.
  server.on('sessionError', onError);
  server.on('stream', (request, headers) => {
    // Its client may reset a channel at any time, which `close` tells of.
    request.on('error', () => undefined);
    onRequest(request, headers[':path'] ?? '');
  });
  // Not documented, but how Node's own performServerHandshake() begins, which Node 18 does not have.
  server.emit('connection', stream);
}
