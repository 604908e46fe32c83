import {
  connect,
  constants,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
} from 'node:http2';
import type { Duplex, Readable } from 'node:stream';
import { abortReason } from '../../../base/async';
import { printable } from '../../../base/errors';
import { encodeDescription } from '../../../agentProtocol/description';
import {
  CHANNEL_WINDOW_BYTES,
  MAX_REQUESTS,
  MAX_SESSION_MEMORY_MB,
  SESSION_WINDOW_BYTES,
} from '../../../agentProtocol/limits';
import { operations, type OperationFailure } from '../../../agentProtocol/operations';
import { BridgeError } from '../../backend';

/** The rest of {@link MAX_REQUESTS} is for those that are answered at once, such as those that end a channel. */
const MAX_CHANNELS = 1000;
/** Of an answer that is no stream: facts, or why a request failed. */
const MAX_BODY_BYTES = 64 * 1024;
const HTTP_OK = 200;

type AnswerHeaders = IncomingHttpHeaders & IncomingHttpStatusHeader;

/** An answer with status 200; its stream carries on with the channel's bytes. */
export interface OpenChannel {
  readonly stream: ClientHttp2Stream;
  readonly headers: AnswerHeaders;
  /** What came behind the output; known once that has ended. */
  readonly trailers: () => IncomingHttpHeaders | undefined;
}

/**
 * Our side of HTTP/2 with the agent, over a byte stream that it owns. When that is lost all channels end: their
 * streams close before their end, and whoever waits for an answer gets a {@link BridgeError} `lost`.
 */
export class AgentSession {
  readonly #http2: ClientHttp2Session;
  #loss: BridgeError | undefined;
  #openRequests = 0;

  constructor(stream: Duplex) {
    this.#http2 = connect('http://agent', {
      createConnection: () => stream,
      maxSessionMemory: MAX_SESSION_MEMORY_MB,
      peerMaxConcurrentStreams: MAX_REQUESTS,
      settings: { enablePush: false, initialWindowSize: CHANNEL_WINDOW_BYTES },
    });
    this.#http2.on('error', (cause: unknown) => (this.#loss ??= lostAgent(cause)));
    stream.once('error', (cause: unknown) => (this.#loss ??= lostAgent(cause)));
    this.#http2.once('connect', () => {
      if (!this.#http2.destroyed) this.#http2.setLocalWindowSize(SESSION_WINDOW_BYTES);
    });
  }

  /** Why channels end before their end. */
  get loss(): BridgeError {
    return this.#loss ?? lostAgent(undefined);
  }

  /**
   * Opens a channel: sends a request whose body begins with the description and stays open. Rejects with the agent's
   * refusal, as `unavailable` if there are too many, as `lost`, or with the signal's reason.
   */
  async open(path: string, description: object | undefined, signal?: AbortSignal): Promise<OpenChannel> {
    if (this.#openRequests >= MAX_CHANNELS) {
      throw new BridgeError('unavailable', `There are ${MAX_CHANNELS} channels already; close some of them`);
    }
    return this.#open(path, description, signal);
  }

  async #open(
    path: string,
    description: object | undefined,
    signal: AbortSignal | undefined,
  ): Promise<OpenChannel> {
    const stream = this.#request(path);
    let trailers: IncomingHttpHeaders | undefined;
    // From the start: those of a short answer come with its headers, before a caller could listen.
    stream.once('trailers', (headers: IncomingHttpHeaders) => (trailers = headers));
    if (description) stream.write(encodeDescription(description));
    const headers = await this.#answerTo(stream, signal);
    if (headers[':status'] === HTTP_OK) return { stream, headers, trailers: () => trailers };
    stream.end();
    throw refusal(await readBounded(stream));
  }

  /** Sends a request that has no more than a description, and gives the answer's body. Rejects as {@link open}. */
  async call(path: string, description: object | undefined, signal?: AbortSignal): Promise<Buffer> {
    const { stream } = await this.#open(path, description, signal);
    stream.end();
    const body = await readBounded(stream);
    if (!stream.readableEnded) throw this.loss;
    return body;
  }

  /** Has the agent end a channel that is of no use any more; what still comes on it is thrown away. */
  abandon(stream: ClientHttp2Stream): void {
    if (stream.closed || stream.destroyed) return;
    if (stream.id === undefined) {
      // It was never sent.
      stream.close(constants.NGHTTP2_CANCEL);
      return;
    }
    stream.resume();
    // Where that fails it has ended already.
    this.call(operations.cancel, { stream: stream.id }).catch(() => undefined);
  }

  /** Ends all channels at once. */
  destroy(): void {
    this.#http2.destroy();
  }

  #request(path: string): ClientHttp2Stream {
    if (this.#http2.destroyed || this.#http2.closed) throw this.loss;
    const stream = this.#http2.request({ ':method': 'POST', ':path': path });
    this.#openRequests++;
    stream.once('close', () => this.#openRequests--);
    // What matters of it is told by `close`, which follows.
    stream.on('error', () => undefined);
    return stream;
  }

  #answerTo(stream: ClientHttp2Stream, signal: AbortSignal | undefined): Promise<AnswerHeaders> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        reject(abortReason(signal));
        this.abandon(stream);
      };
      if (signal?.aborted) onAbort();
      signal?.addEventListener('abort', onAbort, { once: true });
      stream.once('response', (headers) => {
        signal?.removeEventListener('abort', onAbort);
        resolve(headers);
      });
      stream.once('close', () => {
        signal?.removeEventListener('abort', onAbort);
        reject(this.loss);
      });
    });
  }
}

function lostAgent(cause: unknown): BridgeError {
  if (cause instanceof BridgeError) return cause;
  const why = cause instanceof Error ? `: ${printable(cause.message)}` : '';
  return new BridgeError('lost', `Lost the agent in the sandbox${why}`, { cause });
}

function refusal(body: Buffer): BridgeError {
  const { code, message } = parseFailure(body);
  return new BridgeError(
    code === 'refused' ? 'refused' : 'unavailable',
    printable(message) || 'The agent in the sandbox refuses',
  );
}

/** What comes from the sandbox may be anything. */
function parseFailure(body: Buffer): OperationFailure {
  try {
    const { code, message } = JSON.parse(body.toString('utf8')) as Partial<Record<string, unknown>>;
    return {
      code: code === 'refused' ? code : 'unavailable',
      message: typeof message === 'string' ? message : '',
    };
  } catch {
    return { code: 'unavailable', message: '' };
  }
}

/** What came until the stream ended, or broke off. */
function readBounded(stream: Readable): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    stream.on('data', (chunk: Buffer) => {
      length += chunk.length;
      chunks.push(chunk);
      if (length <= MAX_BODY_BYTES) return;
      stream.destroy();
      reject(new BridgeError('lost', 'The agent in the sandbox sends an endless answer'));
    });
    stream.once('close', () => resolve(Buffer.concat(chunks)));
  });
}
