import * as http2 from 'node:http2';
import type { Duplex } from 'node:stream';

const MAX_CHANNELS = 1024;
const MAX_HEADER_BYTES = 16 * 1024;
const MAX_HEADERS = 32;
/** What a channel may send before it is read, in bytes: covers 40 MB/s over a round trip of 100 ms. */
const CHANNEL_WINDOW_BYTES = 4 * 1024 * 1024;
/** Of all channels together: none holds up another, since each has its own. */
const SESSION_WINDOW_BYTES = 64 * 1024 * 1024;
/** What nghttp2 may hold, in MB; beyond it, new channels are refused. */
const MAX_SESSION_MEMORY_MB = 256;

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
      maxConcurrentStreams: MAX_CHANNELS,
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
