/**
 * Carriers by WebSocket, on a port to which the cloud lets anyone in. Who does not show an admission gets no answer at
 * all, whatever they send: not even that HTTP is spoken here.
 */
import * as http from 'node:http';
import type { Duplex } from 'node:stream';
import { createWebSocketStream, WebSocketServer, type WebSocket } from 'ws';
import { isAdmissionOf, keyIdOfAdmission, type KeyId } from '../../agentProtocol/secret';
import type { Disposable } from '../../base/disposable';
import type { Logger } from '../../base/logger';
import { startServer } from '../startServer';
import { Strangers } from './strangers';

/** More than Node lets wait to be accepted (511): all that come at once are read from before the first of them goes. */
const MAX_STRANGERS = 512;
const MAX_HEADER_BYTES = 8 * 1024;
/** For the request, from the connection on. */
const REQUEST_MS = 10_000;
const CHECK_MS = 1_000;
/** Ours are 256 KiB at most. */
const MAX_MESSAGE_BYTES = 1024 * 1024;
/** Ingresses cut what is silent, often after a minute. */
const PING_MS = 20_000;
/** A router may put something before it. */
const PATH = /\/cloud-sandboxes-agent(\?|$)/;

export interface PublicPortOptions {
  readonly port: number;
  readonly secretOf: (keyId: KeyId) => Promise<Buffer | undefined>;
  readonly onCarrier: (carrier: Duplex) => void;
  readonly log: Logger;
}

/** Listens on all of the sandbox's addresses. Rejects with the system's error if the port cannot be had. */
export async function listenOnPort({
  port,
  secretOf,
  onCarrier,
  log,
}: PublicPortOptions): Promise<Disposable> {
  const strangers = new Strangers(MAX_STRANGERS);
  const webSockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
  });
  const server = http.createServer({
    maxHeaderSize: MAX_HEADER_BYTES,
    // Before 18.14 Node takes only a shorter time than for the whole request.
    headersTimeout: REQUEST_MS - 1,
    requestTimeout: REQUEST_MS,
    connectionsCheckingInterval: CHECK_MS,
    // Else Node answers a request without it.
    requireHostHeader: false,
  });
  server.on('connection', (socket) => strangers.add(socket));
  refuseAllRequests(server);
  server.on('upgrade', (request, socket, head) => {
    // Its peer may reset it at any time; what was listening for that has been taken off by now.
    socket.on('error', () => socket.destroy());
    const refuse = (): void => void socket.destroy();
    isAdmitted(request, secretOf).then((isAllowed) => {
      if (!isAllowed) {
        refuse();
        return;
      }
      strangers.admit(socket);
      webSockets.handleUpgrade(request, socket, head, (ws) => onCarrier(toStream(ws)));
    }, refuse);
  });
  await startServer(server, { port }, log);
  return {
    dispose: () => {
      server.close();
      strangers.destroyAll();
      for (const ws of webSockets.clients) ws.terminate();
    },
  };
}

/** Node would answer each of these by itself. */
function refuseAllRequests(server: http.Server): void {
  const refuse = (request: http.IncomingMessage): void => void request.socket.destroy();
  server.on('request', refuse);
  server.on('checkContinue', refuse);
  server.on('checkExpectation', refuse);
  server.on('clientError', (_error, socket) => socket.destroy());
}

async function isAdmitted(
  { url = '', headers }: http.IncomingMessage,
  secretOf: PublicPortOptions['secretOf'],
): Promise<boolean> {
  const [, admission = ''] = /^Bearer ([0-9a-f.]+)$/.exec(headers.authorization ?? '') ?? [];
  const keyId = keyIdOfAdmission(admission);
  if (!PATH.test(url) || keyId === undefined) return false;
  const secret = await secretOf(keyId);
  return secret !== undefined && isAdmissionOf(secret, admission);
}

/** Messages are pieces of one stream of bytes; where they begin and end means nothing. */
function toStream(ws: WebSocket): Duplex {
  const pings = setInterval(() => ws.ping(), PING_MS);
  ws.once('close', () => clearInterval(pings));
  return createWebSocketStream(ws);
}
