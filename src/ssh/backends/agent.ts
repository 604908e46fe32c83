import type { Duplex } from 'node:stream';
import { describeErrorChain, printable } from '../../base/errors';
import { deriveSecret, keyIdOf } from '../../agentProtocol/secret';
import type { CarrierState } from '../../agentProtocol/carrierKeeper';
import type { ExecRequest, RemoteProcess } from '../../cloud/provider';
import {
  type Backend,
  type BackendFeatures,
  BridgeError,
  type DialTarget,
  type IncomingConnection,
  type Listener,
  type SessionRequest,
} from '../backend';
import { hangUp } from '../hangUp';
import { AgentClient } from './agent/agentClient';
import { AgentLink } from './agent/agentLink';
import { AgentProgram } from './agent/agentProgram';
import { AgentSession } from './agent/agentSession';
import { ExecReach } from './agent/execReach';
import type { AgentListener } from './agent/listening';
import { PortReach } from './agent/portReach';
import { AgentStartError, type AgentReach } from './agent/reach';
import type { SandboxFacts } from './probe';
import { explainLoss } from './loss';
import { commandOf, inSshSession, shellCommand } from './sessionCommand';
import { reachSandbox, wakeSandbox, type ReachOptions } from './wake';

export interface AgentBackendOptions extends ReachOptions {
  /** The user's private key for this sandbox: the secret that is shared with the agent is derived from it. */
  readonly userKey: string;
  /** File of the program that runs in sandboxes. */
  readonly agentProgram: string;
  /** Told when the way to the agent is lost, is there again, or will never be. */
  readonly onLink: (state: CarrierState) => void;
}

interface Connected {
  readonly facts: SandboxFacts;
  readonly link: AgentLink;
  readonly client: AgentClient;
}

/** Our own program in the sandbox carries all channels, over one stream that survives the loss of what carries it. */
export class AgentBackend implements Backend {
  readonly name = 'agent';
  readonly #options: AgentBackendOptions;
  readonly #live = new Set<RemoteProcess>();
  #reach: AgentReach | undefined;
  #connected: Connected | undefined;
  /** Where the client's ssh-agent is lent to sessions: one socket for all of them. */
  #lentAgent: Promise<AgentListener> | undefined;

  constructor(options: AgentBackendOptions) {
    const { id, name } = options.sandbox;
    this.#options = { ...options, sandbox: { id, name: printable(name, 60) } };
  }

  /** What is known of the sandbox, also if there can be no agent in it. */
  get facts(): SandboxFacts | undefined {
    return this.#reach?.facts;
  }

  /** Rejects with an {@link AgentStartError} if there can be no agent in the sandbox. */
  async ready(signal: AbortSignal): Promise<BackendFeatures> {
    const { log } = this.#options;
    const program = await AgentProgram.read(this.#options.agentProgram);
    const { facts } = (this.#connected = await reachSandbox(
      this.#options,
      () => this.#connect(program, signal),
      signal,
    ));
    log.info(
      `backend agent ${program.version}: over ${this.#carriers}, shell ${facts.shell}, home ${facts.home}, ` +
        `${facts.binaryOutput ? 'binary' : 'text'} output`,
    );
    return { sftp: true, listen: true };
  }

  roundTripMs(): number | undefined {
    return this.#connected?.link.stream.roundTripMs;
  }

  shell(request: SessionRequest, signal: AbortSignal): Promise<RemoteProcess> {
    return this.#run([this.#known().facts.shell, '-l'], request, signal);
  }

  exec(command: string, request: SessionRequest, signal: AbortSignal): Promise<RemoteProcess> {
    return this.#run(shellCommand(this.#known().facts.shell, command), request, signal);
  }

  async sftp(signal: AbortSignal): Promise<RemoteProcess> {
    return this.#keep(await this.#known().client.sftp(signal));
  }

  dial(target: DialTarget, signal: AbortSignal): Promise<Duplex> {
    return this.#known().client.dial(target, signal);
  }

  listen(
    address: DialTarget,
    onConnection: (connection: IncomingConnection) => void,
    signal: AbortSignal,
  ): Promise<Listener> {
    return this.#known().client.listen(address, onConnection, signal);
  }

  async close(): Promise<void> {
    if (!this.#connected) return;
    const hungUp = Promise.all([...this.#live].map((process) => hangUp(process)));
    await this.#connected.link.close(hungUp);
  }

  async #connect(program: AgentProgram, signal: AbortSignal): Promise<Connected> {
    const { userKey, onLink } = this.#options;
    const secret = deriveSecret(userKey);
    const reach = (this.#reach = this.#createReach(program, secret));
    const mayReconnect = (limit: AbortSignal): Promise<void> =>
      // A carrier would wake the sandbox up.
      wakeSandbox({ ...this.#options, mayStart: false, onProgress: () => undefined }, limit);
    const link = await AgentLink.open({ reach, secret, mayReconnect, onState: onLink }, signal);
    const { facts } = reach;
    if (!facts) throw new AgentStartError('failed', 'The sandbox was not looked into');
    return { facts, link, client: new AgentClient(new AgentSession(link.stream)) };
  }

  /** What carries its stream, in words. */
  get #carriers(): string {
    const { client, sandbox } = this.#options;
    return client.transport(sandbox.id).agentHost ? 'WebSockets to a public port' : 'execs of the cloud';
  }

  #createReach(program: AgentProgram, secret: Buffer): AgentReach {
    const { client, sandbox, onProgress, log } = this.#options;
    const transport = client.transport(sandbox.id);
    const onStart = (): void => onProgress(`Starting the agent in ${sandbox.name}`);
    const options = { program, secret, keyId: keyIdOf(secret), onStart, log };
    const { agentHost: host } = transport;
    return host ? new PortReach({ host, ...options }) : new ExecReach({ transport, ...options });
  }

  async #run(
    argv: ExecRequest['argv'],
    request: SessionRequest,
    signal: AbortSignal,
  ): Promise<RemoteProcess> {
    const { client, facts } = this.#known();
    const { argv: program, env, workingDirectory, terminal } = commandOf(argv, inSshSession(request), facts);
    const lent = await this.#lend(request);
    const description = {
      argv: program,
      env: { ...env, ...lent },
      ...(workingDirectory !== undefined && { workingDirectory }),
      ...(terminal && { terminal }),
    };
    return this.#keep(explainLoss(await client.exec(description, signal), this.#options));
  }

  /** The variable that leads to the client's ssh-agent, where it is lent. */
  async #lend({ onAgentConnection }: SessionRequest): Promise<Readonly<Record<string, string>>> {
    if (!onAgentConnection) return {};
    const { client } = this.#known();
    this.#lentAgent ??= client.listen({ kind: 'private' }, ({ stream }) => onAgentConnection(stream));
    try {
      return { SSH_AUTH_SOCK: (await this.#lentAgent).path };
    } catch (error) {
      this.#lentAgent = undefined;
      this.#options.log.warn(`the client's ssh-agent is not lent: ${describeErrorChain(error)}`);
      return {};
    }
  }

  /** A process that {@link close} ends. */
  #keep(process: RemoteProcess): RemoteProcess {
    this.#live.add(process);
    const onEnd = (): void => void this.#live.delete(process);
    process.exited.then(onEnd, onEnd);
    return process;
  }

  #known(): Connected {
    if (!this.#connected) throw new BridgeError('lost', 'The sandbox has not answered yet');
    return this.#connected;
  }
}
