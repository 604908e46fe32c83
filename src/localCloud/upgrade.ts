/** Attaching to an execution: the one request of the Box API that becomes a WebSocket. */
import { STATUS_CODES, type IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { Disposable } from '../base/disposable';
import { ApiError } from './apiError';
import { toApiError } from './apiFailure';
import { requestIdOf, type Services } from './app';
import { Attachment } from './attach';
import type { TrackedExecution } from './executions';
import { checkAccess, checkOrigin } from './guard';

/** Largest message that is taken from a client; ours send 64 KiB at most. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;
const ATTACH_PATH = /^\/v1\/boxes\/([^/]+)\/executions\/([^/]+)\/attach$/;

/** Serves attachments on an HTTP server. Disposing drops them all. */
export function serveAttachments(server: Server, services: Services): Disposable {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // The client may go away at any moment of the handshake.
    socket.on('error', () => socket.destroy());
    try {
      const { execution, readOnly } = findTarget(request, services);
      sockets.handleUpgrade(request, socket, head, (ws) => new Attachment(ws, execution, { readOnly }));
    } catch (error) {
      refuse(socket, toApiError(error), requestIdOf(header(request, 'x-request-id')));
    }
  });
  return {
    dispose: () => {
      for (const ws of sockets.clients) ws.terminate();
      sockets.close();
    },
  };
}

function findTarget(
  request: IncomingMessage,
  services: Services,
): { execution: TrackedExecution; readOnly: boolean } {
  checkOrigin(request);
  checkAccess(request, services);
  const url = new URL(request.url ?? '/', 'http://localhost');
  const [, box, id] = ATTACH_PATH.exec(url.pathname) ?? [];
  if (box === undefined || id === undefined) {
    throw new ApiError('not_found', `There is no WebSocket at ${url.pathname}`);
  }
  const execution = services.executions.get(services.boxes.resolve(decode(box)), decode(id));
  if (execution.isAttached)
    throw new ApiError('already_exists', `Execution ${id} has a client attached already`);
  return { execution, readOnly: url.searchParams.get('stdin') === 'false' };
}

function refuse(socket: Duplex, error: ApiError, requestId: string): void {
  const body = JSON.stringify(error.toBody(requestId));
  socket.end(
    [
      `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? 'Error'}`,
      'content-type: application/json',
      `content-length: ${Buffer.byteLength(body)}`,
      `x-request-id: ${requestId}`,
      'connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch (cause) {
    throw new ApiError('invalid_argument', `${segment} is not a URL-encoded name`, { cause });
  }
}
