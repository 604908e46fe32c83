import type { Duplex } from 'node:stream';
import { describeErrorChain } from '../../base/errors';
import { AgentLinkError } from '../../agentProtocol/errors';
import type { RemoteProcess, Transport } from '../../cloud/provider';
import {
  type Backend,
  type BackendFeatures,
  BridgeError,
  type DialTarget,
  type IncomingConnection,
  type Listener,
  type SessionRequest,
} from '../backend';
import { AgentBackend } from './agent';
import { AgentStartError } from './agent/reach';
import type { BackendOptions } from './choose';
import { ExecBackend } from './exec';
import type { SandboxFacts } from './probe';
import { SshdBackend } from './sshd';

/**
 * The best backend that works: the sandbox's own SSH server where its cloud says that there is one, else our agent, else
 * an exec for each channel. The log says why each of them was passed over.
 */
export class AutoBackend implements Backend {
  readonly #options: BackendOptions;
  readonly #transport: Transport;
  #chosen: Backend | undefined;
  /** What was found out of the sandbox on the way. */
  #facts: SandboxFacts | undefined;

  constructor(options: BackendOptions) {
    this.#options = options;
    this.#transport = options.client.transport(options.sandbox.id);
  }

  /** Until it is ready, what works anywhere. */
  get name(): Backend['name'] {
    return this.#chosen?.name ?? 'exec';
  }

  async ready(signal: AbortSignal): Promise<BackendFeatures> {
    return (await this.#trySshd(signal)) ?? (await this.#tryAgent(signal)) ?? (await this.#useExec(signal));
  }

  roundTripMs(): number | undefined {
    return this.#chosen?.roundTripMs();
  }

  shell(request: SessionRequest, signal: AbortSignal): Promise<RemoteProcess> {
    return this.#known().shell(request, signal);
  }

  exec(command: string, request: SessionRequest, signal: AbortSignal): Promise<RemoteProcess> {
    return this.#known().exec(command, request, signal);
  }

  sftp(signal: AbortSignal): Promise<RemoteProcess> {
    return this.#known().sftp(signal);
  }

  dial(target: DialTarget, signal: AbortSignal): Promise<Duplex> {
    return this.#known().dial(target, signal);
  }

  listen(
    address: DialTarget,
    onConnection: (connection: IncomingConnection) => void,
    signal: AbortSignal,
  ): Promise<Listener> {
    return this.#known().listen(address, onConnection, signal);
  }

  async close(): Promise<void> {
    await this.#chosen?.close();
  }

  async #trySshd(signal: AbortSignal): Promise<BackendFeatures | undefined> {
    if (!this.#transport.sshService) {
      this.#passOver('sshd', 'the cloud tells of no SSH server in the sandbox');
      return undefined;
    }
    try {
      return await this.#use(new SshdBackend({ ...this.#options, hasAlternative: true }), signal);
    } catch (error) {
      if (!(error instanceof BridgeError) || error.code !== 'unavailable') throw error;
      this.#passOver('sshd', describeErrorChain(error));
      return undefined;
    }
  }

  async #tryAgent(signal: AbortSignal): Promise<BackendFeatures | undefined> {
    const agent = new AgentBackend(this.#options);
    try {
      return await this.#use(agent, signal);
    } catch (error) {
      if (!(error instanceof AgentStartError) && !(error instanceof AgentLinkError)) throw error;
      // Where a cloud streams nothing to a program the agent is the only way.
      if (this.#transport.agentHost) throw error;
      this.#passOver('agent', describeErrorChain(error));
      this.#facts = agent.facts;
      return undefined;
    }
  }

  #useExec(signal: AbortSignal): Promise<BackendFeatures> {
    return this.#use(new ExecBackend({ ...this.#options, facts: this.#facts }), signal);
  }

  async #use(backend: Backend, signal: AbortSignal): Promise<BackendFeatures> {
    const features = await backend.ready(signal);
    this.#chosen = backend;
    return features;
  }

  #passOver(name: Backend['name'], reason: string): void {
    this.#options.log.info(`not by the backend ${name}: ${reason}`);
  }

  #known(): Backend {
    if (!this.#chosen) throw new BridgeError('lost', 'The sandbox has not answered yet');
    return this.#chosen;
  }
}
