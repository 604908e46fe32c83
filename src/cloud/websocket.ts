import type * as http from 'node:http';
import { WebSocket, type ClientOptions } from 'ws';
import { abortReason, createDeferred } from '../base/async';
import { describeError } from '../base/errors';
import { createDeadline } from '../base/deadline';
import { CloudError } from './errors';
import { Heartbeat } from './heartbeat';
import { jsonOrText, readText } from './http';
import { errorOfAnswer, errorOfNetwork, type ErrorRefiner } from './httpErrors';
import type { Origin, UrlQuery } from './origin';
import { endTunnelWith } from './proxy';

const HANDSHAKE_TIMEOUT_MS = 30_000;
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;
/** Largest body of a refused handshake that is read for its message. */
const MAX_REFUSAL_BYTES = 64 * 1024;
/** Beyond this many unsent bytes, senders wait. */
const SEND_HIGH_WATER_BYTES = 512 * 1024;
const PING_INTERVAL_MS = 15_000;
const SILENCE_LIMIT_MS = 40_000;

export interface DialOptions {
  readonly origin: Origin;
  /** Begins with "/", percent-encoded; appended to the base URL. */
  readonly path: string;
  readonly query?: UrlQuery;
  /** What the connection is for, for messages: completes "Cannot …". */
  readonly what: string;
  readonly protocols?: readonly string[];
  readonly refine?: ErrorRefiner | undefined;
  readonly handshakeTimeoutMs?: number;
  readonly maxMessageBytes?: number;
  readonly pingIntervalMs?: number;
  readonly silenceLimitMs?: number;
  /** Called with each measured round trip, in milliseconds; the first is measured at once. */
  readonly onRoundTrip?: (ms: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/** How a WebSocket ended. Codes are those of RFC 6455 section 7.4; 1006 is a drop without a close frame. */
export interface WebSocketClose {
  readonly code: number;
  /** Untrusted text of the peer. */
  readonly reason: string;
  /** What went wrong on our side of the socket, if anything. */
  readonly error?: Error;
}

export interface WebSocketHandlers {
  onMessage(data: Buffer, isBinary: boolean): void;
  /** Called once, after the last message. */
  onClose(close: WebSocketClose): void;
}

/**
 * Opens a WebSocket. No frame is lost: the socket is held until {@link CloudWebSocket.listen}. Rejects with a
 * {@link CloudError}, made of the status and body when the cloud refused the handshake, or with the signal's reason;
 * then nothing of the attempt is left open.
 */
export async function dialWebSocket(options: DialOptions): Promise<CloudWebSocket> {
  const { what, origin } = options;
  const timeoutMs = options.handshakeTimeoutMs ?? HANDSHAKE_TIMEOUT_MS;
  const timedOut = (): CloudError =>
    new CloudError(
      'unreachable',
      `Cannot ${what}: ${origin.host} did not answer within ${timeoutMs / 1000} s`,
    );
  const deadline = createDeadline(timeoutMs, timedOut, options.signal);
  try {
    if (deadline.signal.aborted) throw abortReason(deadline.signal);
    return await openSocket(options, deadline.signal);
  } catch (error) {
    if (deadline.signal.aborted) throw abortReason(deadline.signal);
    throw errorOfNetwork(what, origin.host, error);
  } finally {
    deadline.dispose();
  }
}

async function openSocket(options: DialOptions, signal: AbortSignal): Promise<CloudWebSocket> {
  const url = options.origin.url(options.path, options.query);
  const ws = new WebSocket(url, [...(options.protocols ?? [])], clientOptions(options, signal));
  const opened = createDeferred<CloudWebSocket>();
  const giveUp = (): void => {
    opened.reject(abortReason(signal));
    ws.terminate();
  };
  signal.addEventListener('abort', giveUp, { once: true });
  ws.once('open', () => {
    // In the same tick as the handshake's end: bytes that came with it have not been parsed yet.
    ws.pause();
    opened.resolve(new CloudWebSocket(ws, options));
  });
  ws.on('error', (error) => opened.reject(error));
  ws.once('unexpected-response', (_request, response) => {
    void refusalOf(options, response)
      .then((error) => opened.reject(error))
      .finally(() => ws.terminate());
  });
  try {
    return await opened.promise;
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

function clientOptions(options: DialOptions, signal: AbortSignal): ClientOptions {
  const { route, headers } = options.origin;
  return {
    headers: { 'user-agent': 'cloud-sandboxes', ...headers },
    agent: route.upgradeAgent,
    ...route.tls,
    ...endTunnelWith(signal),
    maxPayload: options.maxMessageBytes ?? MAX_MESSAGE_BYTES,
    // SSH's bytes are encrypted or short: compressing costs time and memory for nothing.
    perMessageDeflate: false,
    // Masking keeps hostile page scripts from writing chosen bytes past intermediaries that misread them (RFC 6455
    // section 10.3). Where no intermediary can read the bytes, a mask of zeros is as good and saves a copy of each.
    ...(route.isPrivate ? { generateMask: () => undefined } : {}),
  };
}

async function refusalOf(options: DialOptions, response: http.IncomingMessage): Promise<Error> {
  const { what, origin, refine } = options;
  const { headers, statusCode: status = 0 } = response;
  // The status says enough when the body is too long or breaks off.
  const text = await readText(response, MAX_REFUSAL_BYTES).catch(() => '');
  if (status === 200) {
    return new CloudError(
      'protocol',
      `Cannot ${what}: ${origin.host} does not speak WebSocket at this address`,
    );
  }
  return errorOfAnswer(what, { status, headers, body: jsonOrText(origin.redact(text)) }, refine);
}

/** An open WebSocket with back-pressure both ways, pings and a measured round trip. Owned by who dialled it. */
export class CloudWebSocket {
  readonly #heartbeat: Heartbeat;
  #handlers: WebSocketHandlers | undefined;
  #close: WebSocketClose | undefined;
  #failure: Error | undefined;

  constructor(
    private readonly ws: WebSocket,
    options: Pick<DialOptions, 'pingIntervalMs' | 'silenceLimitMs' | 'onRoundTrip'>,
  ) {
    this.#heartbeat = new Heartbeat(ws, {
      intervalMs: options.pingIntervalMs ?? PING_INTERVAL_MS,
      silenceLimitMs: options.silenceLimitMs ?? SILENCE_LIMIT_MS,
      onRoundTrip: options.onRoundTrip ?? (() => undefined),
      onDead: () =>
        this.#fail(new CloudError('unreachable', 'The cloud went silent; the connection is lost')),
    });
    // Binary type "nodebuffer", the default, gives one Buffer for each message.
    ws.on('message', (data: Buffer, isBinary) => this.#handlers?.onMessage(data, isBinary));
    ws.on('error', (error) => (this.#failure ??= error));
    ws.on('close', (code, reason) => this.#onClose(code, reason.toString()));
  }

  /** The subprotocol that the peer chose; empty if none. */
  get protocol(): string {
    return this.ws.protocol;
  }

  /** Starts the flow of messages; to be called once. */
  listen(handlers: WebSocketHandlers): void {
    this.#handlers = handlers;
    if (this.#close) handlers.onClose(this.#close);
    else this.ws.resume();
  }

  /** Holds the peer: no message comes until {@link resume}, apart from those already taken from the network. */
  pause(): void {
    this.ws.pause();
  }

  resume(): void {
    this.ws.resume();
  }

  /**
   * Sends a Buffer as a binary frame, a string as a text frame. `done` is called when the sender may go on: at once
   * while little is queued, else when this frame has left. The Buffer must not be changed afterwards.
   */
  send(data: Buffer | string, done: (error?: Error | null) => void = () => undefined): void {
    this.#heartbeat.noteSent();
    if (this.ws.readyState === this.ws.OPEN && this.ws.bufferedAmount < SEND_HIGH_WATER_BYTES) {
      // A failure to write also closes the socket, which is how it is reported here.
      this.ws.send(data, () => undefined);
      done();
    } else {
      this.ws.send(data, done);
    }
  }

  /** Says goodbye and waits a bounded time for the peer to do so. */
  close(code = 1000): void {
    this.ws.close(code);
  }

  /** Drops the connection at once. */
  terminate(): void {
    this.ws.terminate();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.ws.terminate();
  }

  #onClose(code: number, reason: string): void {
    this.#heartbeat.stop();
    this.#close = { code, reason, ...(this.#failure ? { error: this.#failure } : {}) };
    this.#handlers?.onClose(this.#close);
  }
}

/** A close in words, for an error's message. */
export function describeClose({ code, reason, error }: WebSocketClose): string {
  if (error) return describeError(error);
  return reason ? `closed with ${code}, "${describeError(reason)}"` : `closed with ${code}`;
}
