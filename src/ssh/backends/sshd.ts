import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import type { Client, ClientChannel, ExecOptions, PseudoTtyOptions } from 'ssh2';
import { abortable, settlesWithin } from '../../base/async';
import { describeError, describeErrorChain, printable } from '../../base/errors';
import { shellQuote } from '../../base/shell';
import { cloudErrorCode } from '../../cloud/errors';
import type { RemoteProcess, Transport } from '../../cloud/provider';
import {
  type Backend,
  type BackendFeatures,
  BridgeError,
  type DialTarget,
  type IncomingConnection,
  type Listener,
  type SessionRequest,
  type TerminalRequest,
} from '../backend';
import { hangUp } from '../hangUp';
import { encodeModes } from '../terminalModes';
import type { ExecBackendOptions } from './exec';
import { explainLoss } from './loss';
import { withPatience } from './patience';
import { isDialable } from './relays';
import { LentAgent } from './sshd/lentAgent';
import { ChannelStream } from './sshd/channelStream';
import { connectToServer } from './sshd/connect';
import { Listeners } from './sshd/listeners';
import { createSessionProcess } from './sshd/sessionProcess';
import { findSftp, type OpenSftp } from './sshd/sftp';
import { wakeSandbox } from './wake';

/** RFC 4254 section 5.1: SSH_OPEN_CONNECT_FAILED. */
const OPEN_CONNECT_FAILED = 2;
/** How long the server may take to close the connection. */
const CLOSE_MS = 1000;

export interface SshdBackendOptions extends ExecBackendOptions {
  /** Private key that the sandbox's SSH server knows, OpenSSH format. Secret. */
  readonly userKey: string;
  /** Whether another backend can take its place: a server that fails is not waited for then. */
  readonly hasAlternative?: boolean;
}

/** Asks for a channel; what comes of it goes to `done`. */
type Ask = (client: Client, done: (error: Error | undefined, channel: ClientChannel) => void) => unknown;

/** ssh2 takes these for a shell and for a command, whatever its types say. */
interface ProgramOptions extends ExecOptions {
  readonly pty?: PseudoTtyOptions;
  readonly agentForward?: boolean;
}

/** Each channel is one of the sandbox's own SSH server: for clouds whose sandboxes have one. */
export class SshdBackend implements Backend {
  readonly name = 'sshd';
  readonly #options: SshdBackendOptions;
  readonly #agent = new LentAgent();
  readonly #live = new Set<RemoteProcess>();
  readonly #transport: Transport;
  #client: Client | undefined;
  #listeners: Listeners | undefined;
  #sftp: OpenSftp | undefined;
  #isLost = false;
  /** Until the server has refused it. */
  #mayLendAgent = true;

  constructor(options: SshdBackendOptions) {
    const { id, name } = options.sandbox;
    this.#options = { ...options, sandbox: { id, name: printable(name, 60) } };
    this.#transport = options.client.transport(id);
  }

  /** Rejects as `unavailable` if the sandbox has no SSH server, or none that lets us in. */
  async ready(signal: AbortSignal): Promise<BackendFeatures> {
    const { sandbox, onProgress, log } = this.#options;
    const onFailure = (error: unknown): void => {
      log.warn(`not ready yet: ${describeErrorChain(error)}`);
      onProgress(`Waiting for the SSH server of ${sandbox.name}`);
    };
    const client = await withPatience(() => this.#connect(signal), onFailure, signal);
    this.#client = client;
    // ssh2 takes no requests any more from the first of them on.
    const onEnd = (): void => void (this.#isLost = true);
    client.once('end', onEnd).once('close', onEnd);
    this.#listeners = new Listeners(client);
    try {
      this.#sftp = await findSftp(
        (limit) => this.#session((connected, done) => connected.subsys('sftp', done), limit),
        (argv, limit) => this.exec(argv.map(shellQuote).join(' '), { env: {} }, limit),
        log,
        signal,
      );
    } catch (error) {
      client.destroy();
      throw error;
    }
    log.info(`sandbox answers; backend sshd, its own SSH server; sftp ${this.#sftp ? 'yes' : 'none'}`);
    return { sftp: this.#sftp !== undefined, listen: true };
  }

  async #connect(signal: AbortSignal): Promise<Client> {
    const { sandbox, userKey, hasAlternative, onProgress, log } = this.#options;
    await wakeSandbox(this.#options, signal);
    onProgress(`Connecting to ${sandbox.name}`);
    const service = await this.#transport.sshService?.(signal);
    if (!service) throw new BridgeError('unavailable', `Sandbox ${sandbox.name} runs no SSH server`);
    try {
      return await connectToServer({ service, userKey, agent: this.#agent, name: sandbox.name, log }, signal);
    } catch (cause) {
      if (!hasAlternative || cloudErrorCode(cause) !== 'unreachable') throw cause;
      throw new BridgeError('unavailable', describeError(cause), { cause });
    }
  }

  roundTripMs(): number | undefined {
    return this.#transport.roundTripMs();
  }

  shell(request: SessionRequest, signal: AbortSignal): Promise<RemoteProcess> {
    return this.#program(
      request,
      signal,
      (options) => (client, done) => client.shell(options.pty ?? false, options, done),
    );
  }

  exec(command: string, request: SessionRequest, signal: AbortSignal): Promise<RemoteProcess> {
    return this.#program(request, signal, (options) => (client, done) => client.exec(command, options, done));
  }

  sftp(signal: AbortSignal): Promise<RemoteProcess> {
    if (!this.#sftp) return Promise.reject(new BridgeError('unavailable', 'The sandbox cannot serve files'));
    return this.#sftp(signal);
  }

  dial(target: DialTarget, signal: AbortSignal): Promise<Duplex> {
    if (!isDialable(target)) {
      return Promise.reject(new BridgeError('unavailable', 'That is not an address to connect to'));
    }
    const ask: Ask = (client, done) =>
      target.kind === 'tcp'
        ? client.forwardOut('127.0.0.1', 0, target.host, target.port, done)
        : client.openssh_forwardOutStreamLocal(target.path, done);
    return this.#open(ask, (channel) => new ChannelStream(channel), signal);
  }

  async listen(
    address: DialTarget,
    onConnection: (connection: IncomingConnection) => void,
    signal: AbortSignal,
  ): Promise<Listener> {
    this.#connected();
    const listener = await this.#listeners?.listen(address, onConnection);
    if (!listener) throw lost();
    if (signal.aborted) listener.close();
    signal.throwIfAborted();
    return listener;
  }

  async close(): Promise<void> {
    const client = this.#client;
    if (!client) return;
    await Promise.all([...this.#live].map((process) => hangUp(process)));
    const closed = once(client, 'close');
    client.end();
    await settlesWithin(closed, CLOSE_MS);
    client.destroy();
  }

  async #program(
    { env, terminal, onAgentConnection }: SessionRequest,
    signal: AbortSignal,
    ask: (options: ProgramOptions) => Ask,
  ): Promise<RemoteProcess> {
    const options = { env: { ...env }, ...(terminal && { pty: ptyOf(terminal) }) };
    if (onAgentConnection && this.#mayLendAgent) {
      this.#agent.onConnection = onAgentConnection;
      try {
        return await this.#session(ask({ ...options, agentForward: true }), signal);
      } catch (error) {
        if (!isAgentRefused(error)) throw error;
        this.#mayLendAgent = false;
        this.#options.log.info('the SSH server takes no forwarded agent; sessions go on without');
      }
    }
    return this.#session(ask(options), signal);
  }

  /** Opens a session that {@link close} ends. */
  async #session(ask: Ask, signal: AbortSignal): Promise<RemoteProcess> {
    const process = explainLoss(await this.#open(ask, createSessionProcess, signal), this.#options);
    this.#live.add(process);
    const onEnd = (): void => void this.#live.delete(process);
    process.exited.then(onEnd, onEnd);
    return process;
  }

  /** `use` is called at once: what comes on the channel must find its listeners. */
  async #open<T>(ask: Ask, use: (channel: ClientChannel) => T, signal: AbortSignal): Promise<T> {
    const client = this.#connected();
    const opened = new Promise<T>((resolve, reject) => {
      ask(client, (error, channel) => {
        if (error) reject(this.#explain(error));
        else if (signal.aborted) channel.destroy();
        else resolve(use(channel));
      });
    });
    return abortable(opened, signal);
  }

  #connected(): Client {
    if (!this.#client || this.#isLost) throw lost();
    return this.#client;
  }

  #explain(error: Error): BridgeError {
    if (this.#isLost) return lost(error);
    const isRefused = 'reason' in error && error.reason === OPEN_CONNECT_FAILED;
    // What the server said, without ssh2's words for it.
    const text = describeError(error).replace(/^\(SSH\) Channel open failure: /, '');
    return new BridgeError(isRefused ? 'refused' : 'unavailable', text || 'The SSH server refuses it', {
      cause: error,
    });
  }
}

function lost(cause?: Error): BridgeError {
  return new BridgeError('lost', 'The connection to the SSH server in the sandbox is lost', { cause });
}

/** By its text: ssh2 gives an error of this kind no code. */
function isAgentRefused(error: unknown): boolean {
  return error instanceof BridgeError && error.message.includes('request agent forwarding');
}

function ptyOf({ type, columns, rows, modes }: TerminalRequest): PseudoTtyOptions {
  return {
    // To ssh2 no type is "vt100".
    term: type || 'dumb',
    cols: columns,
    rows,
    width: 0,
    height: 0,
    // ssh2 takes them encoded, too.
    modes: encodeModes(modes) as object,
  };
}
