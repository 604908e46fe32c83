import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import * as net from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import type { Duplex } from 'node:stream';
import type { RemoteProcess } from '../../src/cloud/provider';
import {
  BridgeError,
  describeTarget,
  type Backend,
  type BackendFeatures,
  type DialTarget,
  type IncomingConnection,
  type Listener,
  type SessionRequest,
} from '../../src/ssh/backend';
import { connectTo } from './forwards';
import { startLocalProcess } from './localProcess';

/** A backend whose sandbox is this computer: sessions without a terminal, and all that forwards need. */
export class LocalBackend implements Backend {
  readonly name = 'agent';
  readonly #listeners = new Map<net.Server, string>();
  readonly #dir = mkdtempSync(path.join(os.tmpdir(), 'sbx-'));
  #agentSocket: Promise<string> | undefined;

  ready(): Promise<BackendFeatures> {
    return Promise.resolve({ sftp: false, listen: true });
  }

  roundTripMs(): undefined {
    return undefined;
  }

  shell(request: SessionRequest): Promise<RemoteProcess> {
    return this.#run(['sh'], request);
  }

  exec(command: string, request: SessionRequest): Promise<RemoteProcess> {
    return this.#run(['sh', '-c', command], request);
  }

  sftp(): Promise<RemoteProcess> {
    return Promise.reject(new BridgeError('unavailable', 'No SFTP here'));
  }

  dial(target: DialTarget): Promise<Duplex> {
    return connectTo(target.kind === 'tcp' ? target.port : target.path);
  }

  /** Where it listens. */
  get addresses(): readonly string[] {
    return [...this.#listeners.values()];
  }

  async listen(
    address: DialTarget,
    onConnection: (connection: IncomingConnection) => void,
  ): Promise<Listener> {
    const server = net.createServer({ allowHalfOpen: true }, (stream) =>
      onConnection({ stream, host: stream.remoteAddress ?? '', port: stream.remotePort ?? 0 }),
    );
    server.listen(address.kind === 'tcp' ? { ...address, ipv6Only: true } : address);
    try {
      await once(server, 'listening');
    } catch (cause) {
      throw new BridgeError('refused', 'The address cannot be listened on', { cause });
    }
    this.#listeners.set(server, describeTarget(address));
    const bound = server.address();
    return {
      port: typeof bound === 'object' && bound ? bound.port : 0,
      close: () => {
        this.#listeners.delete(server);
        server.close();
      },
    };
  }

  close(): Promise<void> {
    for (const server of this.#listeners.keys()) server.close();
    rmSync(this.#dir, { recursive: true, force: true, maxRetries: 5 });
    return Promise.resolve();
  }

  async #run(
    argv: [string, ...string[]],
    { env, onAgentConnection }: SessionRequest,
  ): Promise<RemoteProcess> {
    const socket = onAgentConnection && (await this.#agent(onAgentConnection));
    return startLocalProcess(argv, { ...process.env, ...env, SSH_AUTH_SOCK: socket });
  }

  #agent(onConnection: (stream: Duplex) => void): Promise<string> {
    const socket = path.join(this.#dir, 'agent');
    this.#agentSocket ??= this.listen({ kind: 'unix', path: socket }, ({ stream }) =>
      onConnection(stream),
    ).then(() => socket);
    return this.#agentSocket;
  }
}
