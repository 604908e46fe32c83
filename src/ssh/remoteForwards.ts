import { isDeepStrictEqual } from 'node:util';
import type { Connection, SocketBindInfo, TcpipBindInfo } from 'ssh2';
import { describeErrorChain, printable } from '../base/errors';
import { DisposableStore, type Disposable } from '../base/disposable';
import {
  type Backend,
  BridgeError,
  describeTarget,
  type DialTarget,
  type IncomingConnection,
  type Listener,
} from './backend';
import type { ClientChannels } from './clientChannels';
import type { BridgeContext } from './session';

const MAX_FORWARDS = 256;

/**
 * Serves remote forwards: `tcpip-forward` (RFC 4254 section 7.1), OpenSSH's `streamlocal-forward@openssh.com` (its
 * PROTOCOL file, section 2.4), and their cancellation. As an sshd with its defaults: nothing listens beyond loopback
 * (GatewayPorts), a socket's file must not be there before (StreamLocalBindUnlink), and which ports are privileged
 * is up to the sandbox's kernel.
 */
export function serveRemoteForwards(
  connection: Connection,
  { backend, features, log }: BridgeContext,
  channels: ClientChannels,
): void {
  const forwards = new RemoteForwards(connection, backend, channels);
  connection.once('close', () => forwards.dispose());

  connection.on('request', (accept, reject, name, info: TcpipBindInfo | SocketBindInfo) => {
    const address = addressOf(info);
    const refuse = (reason: unknown): void => {
      log.info(`${name} of ${describeTarget(address)} refused: ${describeErrorChain(reason)}`);
      reject?.();
    };
    if (name.startsWith('cancel-')) {
      if (forwards.cancel(address)) accept?.();
      else refuse(new BridgeError('unavailable', 'There is no such forward'));
    } else if (!features.listen) {
      refuse(new BridgeError('unavailable', `The backend ${backend.name} cannot listen in the sandbox`));
    } else if (!accept && address.kind === 'tcp' && address.port === 0) {
      refuse(new BridgeError('unavailable', 'The client does not want to know the port'));
    } else {
      forwards.open(address).then((port) => accept?.(port), refuse);
    }
  });
}

function addressOf(info: TcpipBindInfo | SocketBindInfo): DialTarget {
  return 'bindAddr' in info
    ? { kind: 'tcp', host: info.bindAddr, port: info.bindPort }
    : { kind: 'unix', path: info.socketPath };
}

interface Forward {
  /** As the client names it when it cancels, and is told of it with each connection. */
  address: DialTarget;
  readonly owned: DisposableStore;
}

/** What listens in the sandbox for one client. */
class RemoteForwards implements Disposable {
  readonly #forwards = new Set<Forward>();

  constructor(
    private readonly connection: Connection,
    private readonly backend: Backend,
    private readonly channels: ClientChannels,
  ) {}

  /** Resolves with the port once it listens: 0 for a Unix socket. */
  async open(address: DialTarget): Promise<number> {
    if (this.#forwards.size >= MAX_FORWARDS) {
      throw new BridgeError('unavailable', `There are ${MAX_FORWARDS} remote forwards already`);
    }
    const forward: Forward = { address, owned: new DisposableStore() };
    this.#forwards.add(forward);
    try {
      return address.kind === 'tcp'
        ? await this.#listenTcp(forward, address)
        : await this.#listen(forward, address);
    } catch (error) {
      this.#end(forward);
      throw error;
    }
  }

  /** Whether there was one. Connections that it has brought go on. */
  cancel(address: DialTarget): boolean {
    const forward = [...this.#forwards].find((open) => isDeepStrictEqual(open.address, address));
    if (forward) this.#end(forward);
    return forward !== undefined;
  }

  dispose(): void {
    for (const forward of this.#forwards) this.#end(forward);
  }

  #end(forward: Forward): void {
    this.#forwards.delete(forward);
    forward.owned.dispose();
  }

  /** The same port of each address family; enough if one of them can be had. */
  async #listenTcp(forward: Forward, asked: DialTarget & { kind: 'tcp' }): Promise<number> {
    let { port } = asked;
    let failure: unknown;
    let isListening = false;
    for (const host of loopbackHosts(asked.host)) {
      try {
        port = await this.#listen(forward, { kind: 'tcp', host, port });
        forward.address = { ...asked, port };
        isListening = true;
      } catch (error) {
        failure ??= error;
      }
    }
    if (!isListening) throw failure;
    return port;
  }

  async #listen(forward: Forward, address: DialTarget): Promise<number> {
    const cancelled = new AbortController();
    forward.owned.defer(() => cancelled.abort());
    const onConnection = (incoming: IncomingConnection): void => this.#hand(forward, incoming);
    const listener: Listener = await this.backend.listen(address, onConnection, cancelled.signal);
    forward.owned.defer(() => listener.close());
    return listener.port;
  }

  #hand({ address }: Forward, { stream, host, port }: IncomingConnection): void {
    this.channels.open(stream, describeTarget(address), (answer) => {
      if (address.kind === 'unix') this.connection.openssh_forwardOutStreamLocal(address.path, answer);
      else this.connection.forwardOut(address.host, address.port, printable(host), port, answer);
    });
  }
}

/** Where sshd listens without GatewayPorts: one address family only if it was asked for by its loopback address. */
function loopbackHosts(asked: string): readonly string[] {
  return asked === '127.0.0.1' || asked === '::1' ? [asked] : ['127.0.0.1', '::1'];
}
