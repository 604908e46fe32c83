import type { Duplex } from 'node:stream';
import type { Channel } from '../agentProtocol/channels/channel';
import { Multiplexer } from '../agentProtocol/channels/multiplexer';
import { MAX_REQUESTS, operations } from '../agentProtocol/operations';
import { describeErrorChain } from '../base/errors';
import { refuse, tell } from './answers';
import { checks } from './descriptions';
import { dial } from './dial';
import { factsOf, type Host } from './host';
import { joinSocket } from './joinSocket';
import { Listeners } from './listeners';
import { OperationError } from './operationError';
import { Programs } from './programs';
import { serveFiles } from './sftp';

type Handler = (channel: Channel, description: unknown) => Promise<void> | void;

/** The channels of one session, over its byte stream. The stream is owned from here on. */
export class Channels {
  readonly #host: Host;
  readonly #version: string;
  readonly #programs: Programs;
  readonly #listeners: Listeners;
  readonly #channels: Multiplexer;
  readonly #handlers = this.#routes();

  constructor(stream: Duplex, host: Host, version: string) {
    this.#host = host;
    this.#version = version;
    this.#programs = new Programs(host);
    this.#listeners = new Listeners(host);
    this.#channels = new Multiplexer(stream, (channel, question) => void this.#serve(channel, question));
  }

  /** Hangs up all programs of the session; resolves when they have ended. */
  async end(): Promise<void> {
    this.#listeners.end();
    await this.#programs.end();
  }

  async #serve(channel: Channel, question: unknown): Promise<void> {
    try {
      if (this.#channels.size > MAX_REQUESTS) throw new OperationError('busy', 'There are too many channels');
      const { operation, description } = checks.request(question);
      const handler = this.#handlers.get(operation);
      if (!handler) throw new OperationError('invalid', 'This agent knows no such request');
      await handler(channel, description);
    } catch (error) {
      this.#host.log.debug(`a request: ${describeErrorChain(error)}`);
      refuse(channel, error);
    }
  }

  #routes(): ReadonlyMap<string, Handler> {
    return new Map<string, Handler>([
      [operations.facts, async (channel) => tell(channel, await factsOf(this.#host, this.#version))],
      [operations.exec, described(checks.exec, (channel, exec) => this.#programs.exec(channel, exec))],
      [
        operations.stderr,
        described(checks.channel, (channel, { channel: id }) => this.#programs.stderr(channel, id)),
      ],
      [
        operations.resize,
        described(checks.resize, async (channel, size) => {
          await this.#programs.resize(size);
          tell(channel);
        }),
      ],
      [
        operations.signal,
        described(checks.signal, async (channel, signal) => {
          await this.#programs.signal(signal);
          tell(channel);
        }),
      ],
      [operations.dial, described(checks.dial, (channel, { target }) => this.#dial(channel, target))],
      [
        operations.listen,
        described(checks.listen, (channel, listen) => this.#listeners.listen(channel, listen)),
      ],
      [
        operations.accept,
        described(checks.channel, (channel, { channel: id }) => this.#listeners.accept(channel, id)),
      ],
      [operations.sftp, (channel) => serveFiles(channel, this.#host)],
    ]);
  }

  async #dial(channel: Channel, target: Parameters<typeof dial>[0]): Promise<void> {
    const gone = new AbortController();
    channel.once('close', () => gone.abort());
    const socket = await dial(target, this.#host.home, gone.signal);
    if (!channel.isOpen) {
      socket.destroy();
      return;
    }
    channel.confirm();
    joinSocket(channel, socket);
  }
}

/** A handler of requests that have a description. */
function described<T>(
  check: (description: unknown) => T,
  handle: (channel: Channel, description: T) => Promise<void> | void,
): Handler {
  return (channel, description) => handle(channel, check(description));
}
