import type { Duplex } from 'node:stream';
import { describeErrorChain, printable } from '../../base/errors';
import type { ExecRequest, RemoteProcess, Transport } from '../../cloud/provider';
import {
  type Backend,
  type BackendFeatures,
  BridgeError,
  type DialTarget,
  type Listener,
  type SessionRequest,
} from '../backend';
import { hangUp } from '../hangUp';
import { connectRelay } from './dial';
import { explainLoss } from './loss';
import { probeSandbox, type SandboxFacts } from './probe';
import { chooseRelay, isDialable, targetLine, type Relay } from './relays';
import { canServeFiles } from './shellFiles/script';
import { createSftpProcess } from './shellFiles/sftpProcess';
import { ShellFiles } from './shellFiles/shellFiles';
import { SpareRelays } from './spareRelays';
import { commandOf, inSshSession, shellCommand } from './sessionCommand';
import { makeBinary } from './textSafe';
import { reachSandbox, wakeSandbox, type ReachOptions } from './wake';

/** How long the sandbox counts as awake after it answered: enough for the first command of a connection. */
const AWAKE_MS = 1000;
const NO_RELAY = {
  tcp: 'The sandbox has no program to open connections with (perl, python3, node, nc, socat, …)',
  unix: 'The sandbox has no program to open Unix sockets with (perl, python3, node, socat, …)',
};
const NO_ENCODER =
  'The cloud damages output that is not text, and the sandbox has no perl, python3 or node to encode it';

export interface ExecBackendOptions extends ReachOptions {
  /** What is known of the sandbox, if it was looked into already. */
  readonly facts?: SandboxFacts | undefined;
}

/** Each channel is one exec of the cloud: works with any sandbox that has a POSIX shell. */
export class ExecBackend implements Backend {
  readonly name = 'exec';
  readonly #options: ExecBackendOptions;
  #transport: Transport;
  /** Whether bytes that are no text come through: by the cloud's own doing or by ours. */
  #isBinary = true;
  #facts: SandboxFacts | undefined;
  readonly #live = new Set<RemoteProcess>();
  #lastSignOfLife = 0;
  /** Something has ended as if the sandbox had: what else seems to live in it says nothing then. */
  #isInDoubt = false;
  #spares: SpareRelays | undefined;

  constructor(options: ExecBackendOptions) {
    const { id, name } = options.sandbox;
    this.#options = { ...options, sandbox: { id, name: printable(name, 60) } };
    this.#transport = options.client.transport(id);
  }

  async ready(signal: AbortSignal): Promise<BackendFeatures> {
    const { log } = this.#options;
    const facts = await this.#look(signal);
    this.#facts = facts;
    this.#noteSignOfLife();
    log.info(
      `backend exec: shell ${facts.shell}, home ${facts.home}, sftp ${facts.sftpServer ?? 'none'}, ` +
        `tools ${[...facts.tools].join(' ') || 'none'}, ${facts.binaryOutput ? 'binary' : 'text'} output`,
    );
    const sftp = this.#isBinary && (facts.sftpServer !== undefined || canServeFiles(facts.tools));
    return { sftp, listen: false };
  }

  async #look(signal: AbortSignal): Promise<SandboxFacts> {
    const { facts } = this.#options;
    if (facts) {
      await this.#makeBinary(facts, signal);
      return facts;
    }
    return reachSandbox(
      this.#options,
      async () => {
        // Its end is no reason to ask for the sandbox's state again.
        const found = await probeSandbox((request, limit) => this.#transport.exec(request, limit), signal);
        await this.#makeBinary(found, signal);
        return found;
      },
      signal,
    );
  }

  async #makeBinary(facts: SandboxFacts, signal: AbortSignal): Promise<void> {
    const binary = await makeBinary(this.#transport, facts, signal);
    this.#isBinary = binary !== undefined;
    this.#transport = binary ?? this.#transport;
    if (!binary) this.#options.log.warn('output that is not text will be damaged: nothing to encode it with');
  }

  roundTripMs(): number | undefined {
    return this.#transport.roundTripMs();
  }

  shell(request: SessionRequest, signal: AbortSignal): Promise<RemoteProcess> {
    return this.#run([this.#known().shell, '-l'], inSshSession(request), signal);
  }

  exec(command: string, request: SessionRequest, signal: AbortSignal): Promise<RemoteProcess> {
    return this.#run(shellCommand(this.#known().shell, command), inSshSession(request), signal);
  }

  async sftp(signal: AbortSignal): Promise<RemoteProcess> {
    const { sftpServer } = this.#known();
    if (sftpServer !== undefined) return this.#run([sftpServer], { env: {} }, signal);
    const files = await ShellFiles.open((argv) => this.#run(argv, { env: { LC_ALL: 'C' } }, signal));
    return createSftpProcess(files, this.#options.log);
  }

  async dial(target: DialTarget, signal: AbortSignal): Promise<Duplex> {
    if (!this.#isBinary) throw new BridgeError('unavailable', NO_ENCODER);
    if (!isDialable(target)) throw new BridgeError('unavailable', 'That is not an address to connect to');
    const relay = chooseRelay(this.#known().tools, target);
    if (!relay) throw new BridgeError('unavailable', NO_RELAY[target.kind]);
    try {
      return (await this.#dialBySpare(relay, target, signal)) ?? (await this.#dialAnew(relay, signal));
    } finally {
      this.#spares?.refill();
    }
  }

  async #dialAnew(relay: Relay, signal: AbortSignal): Promise<Duplex> {
    return connectRelay(await this.#run(relay.argv, { env: {} }, signal), relay.announces, signal);
  }

  /** Undefined if there is no spare relay, or the one there was is lost: it may have been so before anyone knew. */
  async #dialBySpare(relay: Relay, target: DialTarget, signal: AbortSignal): Promise<Duplex | undefined> {
    const spare = this.#takeSpare(relay, target);
    if (!spare) return undefined;
    try {
      return await connectRelay(spare, relay.announces, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof BridgeError && error.code === 'refused') throw error;
      this.#options.log.debug(`a relay that was started ahead is lost: ${describeErrorChain(error)}`);
      return undefined;
    }
  }

  #takeSpare({ waitingArgv }: Relay, target: DialTarget): RemoteProcess | undefined {
    if (!waitingArgv) return undefined;
    this.#spares ??= new SpareRelays((signal) => this.#startAhead(waitingArgv, signal), this.#options.log);
    const spare = this.#spares.take();
    spare?.stdin.write(targetLine(target));
    return spare;
  }

  /**
   * Only in a sandbox that is awake for something else: nobody has asked for this, and between an answer about the
   * sandbox's state and an exec, which wakes it, it may be stopped.
   */
  async #startAhead(argv: ExecRequest['argv'], signal: AbortSignal): Promise<RemoteProcess> {
    if (!this.#isAwake()) throw new BridgeError('unavailable', 'Nothing else runs in the sandbox');
    return this.#start(commandOf(argv, { env: {} }, this.#known()), signal);
  }

  listen(): Promise<Listener> {
    return Promise.reject(
      new BridgeError('unavailable', 'An exec of the cloud cannot listen in the sandbox'),
    );
  }

  async close(): Promise<void> {
    this.#spares?.dispose();
    await Promise.all([...this.#live].map((process) => hangUp(process)));
  }

  async #run(
    argv: ExecRequest['argv'],
    session: SessionRequest,
    signal: AbortSignal,
  ): Promise<RemoteProcess> {
    await this.#ensureAwake(signal);
    return this.#start(commandOf(argv, session, this.#known()), signal);
  }

  /** Starts a process that {@link close} ends. */
  async #start(request: ExecRequest, signal: AbortSignal): Promise<RemoteProcess> {
    const onDoubt = (): void => void (this.#isInDoubt = true);
    const process = explainLoss(await this.#transport.exec(request, signal), { ...this.#options, onDoubt });
    this.#live.add(process);
    const onEnd = (): void => {
      this.#live.delete(process);
      // The sandbox may have been stopped: ask before the next exec wakes it up.
      this.#lastSignOfLife = 0;
    };
    process.exited.then(onEnd, onEnd);
    return process;
  }

  /** Clouds start a stopped sandbox for an exec; only its user may (a window left open must not cost money). */
  async #ensureAwake(signal: AbortSignal): Promise<void> {
    if (this.#isAwake()) return;
    await wakeSandbox({ ...this.#options, mayStart: false }, signal);
    this.#noteSignOfLife();
  }

  #isAwake(): boolean {
    if (this.#isInDoubt) return false;
    return this.#live.size > 0 || Date.now() - this.#lastSignOfLife < AWAKE_MS;
  }

  #noteSignOfLife(): void {
    this.#isInDoubt = false;
    this.#lastSignOfLife = Date.now();
  }

  #known(): SandboxFacts {
    if (!this.#facts) throw new BridgeError('lost', 'The sandbox has not answered yet');
    return this.#facts;
  }
}
