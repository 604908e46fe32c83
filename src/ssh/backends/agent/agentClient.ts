import type { Duplex } from 'node:stream';
import { abortReason } from '../../../base/async';
import type { Channel } from '../../../agentProtocol/channels/channel';
import {
  operations,
  type ExecDescription,
  type ListenDescription,
  type Operation,
  type SocketAddress,
} from '../../../agentProtocol/operations';
import type { RemoteProcess } from '../../../cloud/provider';
import type { IncomingConnection } from '../../backend';
import { AgentProcess } from './agentProcess';
import type { AgentSession } from './agentSession';
import { listenByAgent, type AgentListener } from './listening';

/** The agent's operations. They reject with a {@link BridgeError}, or with the signal's reason. */
export class AgentClient {
  #channels = 0;

  constructor(private readonly session: AgentSession) {}

  async exec(request: Omit<ExecDescription, 'channel'>, signal?: AbortSignal): Promise<RemoteProcess> {
    const id = (this.#channels++).toString(36);
    const [channel, stderr] = await this.#openBoth({ channel: id, ...request }, signal);
    return new AgentProcess({
      channel,
      ...(stderr && { stderr }),
      resize: (size) => this.#tell(operations.resize, { channel: id, ...size }),
      signal: (name) => this.#tell(operations.signal, { channel: id, signal: name }),
      loss: () => this.session.loss,
    });
  }

  /** An SFTP server on the process's stdin and stdout. */
  async sftp(signal?: AbortSignal): Promise<RemoteProcess> {
    const { channel } = await this.session.open(operations.sftp, undefined, signal);
    return new AgentProcess({
      channel,
      resize: () => undefined,
      signal: () => undefined,
      loss: () => this.session.loss,
    });
  }

  async dial(target: SocketAddress, signal?: AbortSignal): Promise<Duplex> {
    return (await this.session.open(operations.dial, { target }, signal)).channel;
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
  #tell(operation: Operation, description: object): void {
    this.session.call(operation, description).catch(() => undefined);
  }

  /** Both channels of a command, or neither. One with a terminal has no stderr. */
  async #openBoth(
    description: ExecDescription,
    signal: AbortSignal | undefined,
  ): Promise<readonly [Channel, Channel | undefined]> {
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
      return [opened.value.channel, stderr.value];
    }
    if (opened.status === 'fulfilled') opened.value.channel.destroy();
    if (stderr.status === 'fulfilled') stderr.value?.destroy();
    throw opened.status === 'rejected' ? opened.reason : (stderr as PromiseRejectedResult).reason;
  }

  async #openStderr({ channel }: ExecDescription, signal: AbortSignal): Promise<Channel> {
    const { channel: stderr } = await this.session.open(operations.stderr, { channel }, signal);
    stderr.end();
    return stderr;
  }
}
