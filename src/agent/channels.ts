import { constants, type ServerHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';
import { readDescription } from '../agentProtocol/description';
import { AgentLinkError } from '../agentProtocol/errors';
import { operations } from '../agentProtocol/operations';
import { abortable } from '../base/async';
import { createDeadline } from '../base/deadline';
import { describeErrorChain } from '../base/errors';
import { answer, isOpen, refuse } from './answers';
import { checks } from './descriptions';
import { dial } from './dial';
import { factsOf, type Host } from './host';
import { serveHttp2 } from './http2Server';
import { joinSocket } from './joinSocket';
import { Listeners } from './listeners';
import { OperationError } from './operationError';
import { Programs } from './programs';
import { serveFiles } from './sftp';

/** How long the description of a request may take to arrive: a session may be without a carrier meanwhile. */
const DESCRIPTION_MS = 20 * 60_000;

type Handler = (request: ServerHttp2Stream) => Promise<void>;

/** The channels of one session, over its byte stream. The stream is owned from here on. */
export class Channels {
  readonly #host: Host;
  readonly #version: string;
  readonly #programs: Programs;
  readonly #listeners: Listeners;
  /** By the identifier of their stream. */
  readonly #requests = new Map<number, ServerHttp2Stream>();
  readonly #handlers = this.#routes();

  constructor(stream: Duplex, host: Host, version: string) {
    this.#host = host;
    this.#version = version;
    this.#programs = new Programs(host);
    this.#listeners = new Listeners(host);
    serveHttp2(
      stream,
      (request, path) => void this.#serve(request, path),
      (error) => host.log.info(`a session failed: ${describeErrorChain(error)}`),
    );
  }

  /** Hangs up all programs of the session; resolves when they have ended. */
  async end(): Promise<void> {
    this.#listeners.end();
    await this.#programs.end();
  }

  async #serve(request: ServerHttp2Stream, path: string): Promise<void> {
    this.#keep(request);
    try {
      const handler = this.#handlers.get(path);
      if (!handler) throw new OperationError('invalid', 'This agent knows no such request');
      await handler(request);
    } catch (error) {
      this.#host.log.debug(`${path}: ${describeErrorChain(error)}`);
      refuse(request, error);
    }
  }

  #routes(): ReadonlyMap<string, Handler> {
    return new Map<string, Handler>([
      [operations.facts, async (request) => tell(request, await factsOf(this.#host, this.#version))],
      [operations.exec, described(checks.exec, (request, exec) => this.#programs.exec(request, exec))],
      [
        operations.stderr,
        described(checks.channel, (request, { channel }) => this.#programs.stderr(request, channel)),
      ],
      [
        operations.resize,
        described(checks.resize, async (request, size) => {
          await this.#programs.resize(size);
          tell(request, {});
        }),
      ],
      [
        operations.signal,
        described(checks.signal, async (request, signal) => {
          await this.#programs.signal(signal);
          tell(request, {});
        }),
      ],
      [
        operations.cancel,
        described(checks.cancel, (request, { stream }) => {
          this.#cancel(stream);
          tell(request, {});
        }),
      ],
      [operations.dial, described(checks.dial, (request, { target }) => this.#dial(request, target))],
      [
        operations.listen,
        described(checks.listen, (request, listen) => this.#listeners.listen(request, listen)),
      ],
      [
        operations.accept,
        described(checks.channel, (request, { channel }) => this.#listeners.accept(request, channel)),
      ],
      [operations.sftp, (request) => serveFiles(request, this.#host)],
    ]);
  }

  #keep(request: ServerHttp2Stream): void {
    const { id } = request;
    if (id === undefined) return;
    this.#requests.set(id, request);
    request.once('close', () => this.#requests.delete(id));
  }

  #cancel(id: number): void {
    const request = this.#requests.get(id);
    if (!request) throw new OperationError('not-found', 'The request has ended');
    request.close(constants.NGHTTP2_CANCEL);
  }

  async #dial(request: ServerHttp2Stream, target: Parameters<typeof dial>[0]): Promise<void> {
    const gone = new AbortController();
    request.once('close', () => gone.abort());
    const socket = await dial(target, this.#host.home, gone.signal);
    if (!isOpen(request)) {
      socket.destroy();
      return;
    }
    answer(request);
    joinSocket(request, socket);
  }
}

/** A handler of requests that begin with a description. */
function described<T>(
  check: (description: unknown) => T,
  handle: (request: ServerHttp2Stream, description: T) => Promise<void> | void,
): Handler {
  return async (request) => {
    await handle(request, check(await receiveDescription(request)));
  };
}

async function receiveDescription(request: ServerHttp2Stream): Promise<unknown> {
  const late = (): Error => new OperationError('invalid', 'The description of the request did not come');
  const deadline = createDeadline(DESCRIPTION_MS, late);
  try {
    return await abortable(readDescription(request), deadline.signal);
  } catch (cause) {
    if (cause instanceof AgentLinkError) throw new OperationError('invalid', cause.message, { cause });
    throw cause;
  } finally {
    deadline.dispose();
  }
}

/** Answers with JSON. */
function tell(request: ServerHttp2Stream, body: object): void {
  request.resume();
  answer(request);
  if (isOpen(request)) request.end(JSON.stringify(body));
}
