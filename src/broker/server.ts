import * as fs from 'node:fs';
import * as net from 'node:net';
import type { Disposable } from '../base/disposable';
import { describeError } from '../base/errors';
import { ensurePrivateDir } from '../base/files';
import type { Logger } from '../base/logger';
import { listenAddress, newEndpointFile, publishPipe, sweepDeadEndpoints } from './endpoints';
import { Peer, type PeerOptions } from './peer';
import type { ConnectionState, GrantAnswer } from './protocol';

export interface BrokerServerOptions {
  /** Private folder where connections look for brokers; created if missing. */
  readonly dir: string;
  /** Tag of the editor, as in the aliases that it makes. */
  readonly editor: string;
  /** Answers a connection; rejecting makes the connection ask another broker, or again. */
  readonly grant: (alias: string, signal: AbortSignal) => Promise<GrantAnswer>;
  /** Called with each report, and with phase `closed` when a connection ended without saying so. */
  readonly onState: (state: ConnectionState) => void;
  readonly log: Logger;
  /** How long a peer may stay silent before it is dropped, in milliseconds. */
  readonly idleMs?: number;
}

/** Several times the connections that one user has. */
const MAX_PEERS = 128;

/** The endpoint that one window serves: it grants connections what they need, and hears of their state. */
export class BrokerServer implements Disposable {
  readonly #peers = new Set<Peer>();

  private constructor(
    private readonly server: net.Server,
    /** The broker's entry in the folder. */
    readonly file: string,
    peerOptions: PeerOptions,
  ) {
    server.on('connection', (socket) => this.#admit(socket, peerOptions));
    server.on('error', (error) => peerOptions.log.warn(`Broker: ${describeError(error)}`));
  }

  /** Rejects with a FileError if the folder is not private, or a BrokerError `path-too-long`. */
  static async start(options: BrokerServerOptions): Promise<BrokerServer> {
    await ensurePrivateDir(options.dir);
    await sweepDeadEndpoints(options.dir);
    const file = newEndpointFile(options.dir, options.editor);
    const address = listenAddress(file);
    const server = net.createServer();
    server.maxConnections = MAX_PEERS;
    await listen(server, address);
    const broker = new BrokerServer(server, file, { ...options, idleMs: options.idleMs ?? 30_000 });
    try {
      // The folder is what keeps others out; the socket's own mode agrees with it.
      if (address === file) await fs.promises.chmod(file, 0o600);
      else await publishPipe(file, address);
    } catch (error) {
      broker.dispose();
      throw error;
    }
    return broker;
  }

  dispose(): void {
    this.server.close();
    for (const peer of this.#peers) peer.dispose();
    fs.rmSync(this.file, { force: true });
  }

  #admit(socket: net.Socket, options: PeerOptions): void {
    const peer = new Peer(socket, options);
    this.#peers.add(peer);
    socket.once('close', () => this.#peers.delete(peer));
  }
}

function listen(server: net.Server, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(address, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
}
