import * as http from 'node:http';
import * as https from 'node:https';
import { abortReason } from '../base/async';
import { createDeadline } from '../base/deadline';
import { CloudError } from './errors';
import { errorOfAnswer, errorOfNetwork, type ErrorRefiner } from './httpErrors';
import type { Origin, UrlQuery } from './origin';
import { endTunnelWith } from './proxy';
import { defaultRetry, retryOfUnseen, withRetry } from './retry';

/** Time for the whole of one try: connecting, sending and the complete answer. */
const DEFAULT_TIMEOUT_MS = 30_000;
/** Largest answer that is read. */
const DEFAULT_MAX_BYTES = 8 * 1024 * 1024;
/** Chunks may be of a byte each, and to hold each of those takes a hundred times as much. */
const CHUNKS_PER_PART = 1024;

export interface HttpRequest {
  /** What the request does, for messages: completes "Cannot …". */
  readonly what: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Begins with "/", percent-encoded; appended to the base URL. */
  readonly path: string;
  readonly query?: UrlQuery;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is, in place of {@link body}. */
  readonly content?: HttpContent;
  /** Which answers besides 2xx are given to the caller, in place of an error. */
  readonly accepts?: (status: number) => boolean;
  /** Makes a POST safe to send again, at clouds that honour it. */
  readonly idempotencyKey?: string;
  readonly timeoutMs?: number;
  readonly maxBytes?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpContent {
  /** Its media type. */
  readonly type: string;
  readonly bytes: Uint8Array;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  /** The parsed JSON; undefined if the answer has no body. Of an accepted failure also any other text. */
  readonly body: unknown;
}

/**
 * A JSON client of one origin. Follows no redirects, bounds every answer in size and time, and sends a request again
 * only where that is safe (RFC 9110 section 9.2.2): always after a 429, which means that it was not looked at
 * (RFC 6585 section 4).
 */
export class HttpClient {
  constructor(
    private readonly origin: Origin,
    private readonly refine?: ErrorRefiner,
  ) {}

  /** Rejects with a {@link CloudError} for any answer but 2xx and what is accepted, or with the signal's reason. */
  async request(request: HttpRequest): Promise<HttpAnswer> {
    const isRepeatable = request.method !== 'POST' || request.idempotencyKey !== undefined;
    const policy = isRepeatable ? defaultRetry : retryOfUnseen;
    return withRetry((index) => this.#repeat(request, index), policy, request.signal);
  }

  async #repeat(request: HttpRequest, index: number): Promise<HttpAnswer> {
    try {
      return await this.#attempt(request);
    } catch (error) {
      // The try before may have deleted it and only its answer got lost.
      const isGone = error instanceof CloudError && error.code === 'not-found';
      if (request.method === 'DELETE' && index > 0 && isGone)
        return { status: 204, headers: {}, body: undefined };
      throw error;
    }
  }

  async #attempt(request: HttpRequest): Promise<HttpAnswer> {
    const timeoutMs = request.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    const timedOut = (): CloudError => this.#timeOut(request.what, timeoutMs);
    const deadline = createDeadline(timeoutMs, timedOut, request.signal);
    try {
      const response = await this.#send(request, deadline.signal);
      const text = await readText(response, request.maxBytes ?? DEFAULT_MAX_BYTES);
      return this.#interpret(request, response, text);
    } catch (error) {
      if (deadline.signal.aborted) throw abortReason(deadline.signal);
      throw errorOfNetwork(request.what, this.origin.host, error);
    } finally {
      deadline.dispose();
    }
  }

  #send(request: HttpRequest, signal: AbortSignal): Promise<http.IncomingMessage> {
    if (signal.aborted) return Promise.reject(abortReason(signal));
    const url = this.origin.url(request.path, request.query);
    const content = contentOf(request);
    const options: https.RequestOptions = {
      method: request.method,
      headers: this.#headers(request, content),
      agent: this.origin.route.requestAgent,
      ...this.origin.route.tls,
      ...endTunnelWith(signal),
      signal,
    };
    return send(url, options, content?.bytes);
  }

  #headers(request: HttpRequest, content: HttpContent | undefined): http.OutgoingHttpHeaders {
    return {
      accept: 'application/json',
      'user-agent': 'cloud-sandboxes',
      ...this.origin.headers,
      ...(request.idempotencyKey === undefined ? {} : { 'idempotency-key': request.idempotencyKey }),
      ...(content ? { 'content-type': content.type } : {}),
      // An explicit 0 keeps a body-less POST from being sent chunked, which some gateways answer with 411.
      ...(content || request.method === 'POST' ? { 'content-length': content?.bytes.length ?? 0 } : {}),
    };
  }

  #interpret(request: HttpRequest, response: http.IncomingMessage, text: string): HttpAnswer {
    const { what, accepts } = request;
    const { headers, statusCode: status = 0 } = response;
    if (status >= 200 && status < 300) return { status, headers, body: parseJson(what, text) };
    const body = jsonOrText(this.origin.redact(text));
    if (accepts?.(status)) return { status, headers, body };
    throw errorOfAnswer(what, { status, headers, body }, this.refine);
  }

  #timeOut(what: string, timeoutMs: number): CloudError {
    const message = `Cannot ${what}: ${this.origin.host} did not answer within ${timeoutMs / 1000} s`;
    return new CloudError('unreachable', message);
  }
}

/** Sends one request; resolves with the beginning of its answer. */
export function send(
  url: URL,
  options: https.RequestOptions,
  content?: Uint8Array,
): Promise<http.IncomingMessage> {
  const start = url.protocol === 'https:' ? https.request : http.request;
  const unanswered = (): Error => new Error('it closed the connection without an answer');
  return new Promise((resolve, reject) => {
    start(url, options, resolve)
      .on('error', reject)
      // Node tells nothing else of a server that, unasked, switches to another protocol (RFC 9110 section 15.2.2).
      .on('close', () => reject(unanswered()))
      .end(content);
  });
}

function contentOf({ body, content }: HttpRequest): HttpContent | undefined {
  if (content || body === undefined) return content;
  return { type: 'application/json', bytes: Buffer.from(JSON.stringify(body)) };
}

/** A response's body, at most `maxBytes` of it; a longer one is refused. */
export async function readText(response: http.IncomingMessage, maxBytes: number): Promise<string> {
  const parts: Buffer[] = [];
  let chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBytes) {
      throw new CloudError('protocol', `The cloud's answer is larger than ${maxBytes} bytes`);
    }
    chunks.push(chunk);
    if (chunks.length < CHUNKS_PER_PART) continue;
    parts.push(Buffer.concat(chunks));
    chunks = [];
  }
  return Buffer.concat([...parts, ...chunks], length).toString('utf8');
}

/** The parsed JSON, or the text itself: error bodies are often not JSON. */
export function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function parseJson(what: string, text: string): unknown {
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    // The parser's message quotes the text, which may hold secrets; the cause is not kept for that reason.
    const kind = cause instanceof SyntaxError ? 'is not JSON' : 'cannot be read';
    throw new CloudError('protocol', `Cannot ${what}: the answer ${kind}; check the base URL`);
  }
}
