import type { ClientHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';
import { abortReason } from '../../../base/async';
import {
  operations,
  type ExecDescription,
  type ListenDescription,
  type SocketAddress,
} from '../../../agentProtocol/operations';
import type { RemoteProcess } from '../../../cloud/provider';
import type { IncomingConnection } from '../../backend';
import { AgentProcess } from './agentProcess';
import type { AgentSession, OpenChannel } from './agentSession';
import { ChannelStream } from './channelStream';
import { listenByAgent, type AgentListener } from './listening';

/** The agent's operations. They reject with a {@link BridgeError}, or with the signal's reason. */
export class AgentClient {
  #channels = 0;

  constructor(private readonly session: AgentSession) {}

  async exec(request: Omit<ExecDescription, 'channel'>, signal?: AbortSignal): Promise<RemoteProcess> {
    const channel = (this.#channels++).toString(36);
    const [{ stream, trailers }, stderr] = await this.#openBoth({ channel, ...request }, signal);
    return new AgentProcess({
      stream,
      trailers,
      ...(stderr && { stderr }),
      resize: (size) => this.#tell(operations.resize, { channel, ...size }),
      signal: (name) => this.#tell(operations.signal, { channel, signal: name }),
      loss: () => this.session.loss,
    });
  }

  /** An SFTP server on the process's stdin and stdout. */
  async sftp(signal?: AbortSignal): Promise<RemoteProcess> {
    const { stream, trailers } = await this.session.open(operations.sftp, undefined, signal);
    return new AgentProcess({
      stream,
      trailers,
      silentEnd: { code: 0 },
      resize: () => undefined,
      signal: () => undefined,
      loss: () => this.session.loss,
    });
  }

  async dial(target: SocketAddress, signal?: AbortSignal): Promise<Duplex> {
    const { stream } = await this.session.open(operations.dial, { target }, signal);
    return new ChannelStream(stream, this.session);
  }

  /** Listens until the listener is closed or the session ends. */
  listen(
    address: ListenDescription['address'],
    onConnection: (connection: IncomingConnection) => void,
    signal?: AbortSignal,
  ): Promise<AgentListener> {
    return listenByAgent(this.session, address, onConnection, signal);
  }

  /** For what takes effect or does not: nobody waits for an answer. */
  #tell(path: string, description: object): void {
    this.session.call(path, description).catch(() => undefined);
  }

  /** Both streams of a command, or neither. One with a terminal has no stderr. */
  async #openBoth(
    description: ExecDescription,
    signal: AbortSignal | undefined,
  ): Promise<readonly [OpenChannel, ClientHttp2Stream | undefined]> {
    const ended = new AbortController();
    const onAbort = (): void => ended.abort(abortReason(signal));
    if (signal?.aborted) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    const opening = this.session.open(operations.exec, description, ended.signal);
    const openingStderr = description.terminal ? undefined : this.#openStderr(description, ended.signal);
    // For a program that is refused the agent would go on waiting.
    opening.catch((error: unknown) => ended.abort(error));
    const [opened, stderr] = await Promise.allSettled([opening, openingStderr]);
    signal?.removeEventListener('abort', onAbort);
    if (opened.status === 'fulfilled' && stderr.status === 'fulfilled') {
      return [opened.value, stderr.value];
    }
    if (opened.status === 'fulfilled') this.session.abandon(opened.value.stream);
    if (stderr.status === 'fulfilled' && stderr.value) this.session.abandon(stderr.value);
    throw opened.status === 'rejected' ? opened.reason : (stderr as PromiseRejectedResult).reason;
  }

  async #openStderr({ channel }: ExecDescription, signal: AbortSignal): Promise<ClientHttp2Stream> {
    const { stream } = await this.session.open(operations.stderr, { channel }, signal);
    stream.end();
    return stream;
  }
}
