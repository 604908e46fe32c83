import * as fs from 'node:fs/promises';
import * as net from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import type { Channel } from '../agentProtocol/channels/channel';
import type {
  ChannelId,
  IncomingConnection,
  ListenDescription,
  ListenDetails,
} from '../agentProtocol/operations';
import { describeError } from '../base/errors';
import { logFailure } from '../base/logger';
import type { Host } from './host';
import { joinSocket } from './joinSocket';
import { OperationError } from './operationError';
import { socketPath } from './socketPath';
import { startServer } from './startServer';

/** How long a connection waits until somebody takes it. */
const PENDING_MS = 30_000;
/** Connections of a session that wait at once; further ones are closed. */
const MAX_PENDING = 128;

/** Where a listener listens, and what is to be removed after it. */
interface Place {
  readonly options: net.ListenOptions;
  /** Of a private socket. */
  readonly folder?: string;
}

/** What listens in the sandbox for one session, and the connections that nobody has taken yet. */
export class Listeners {
  readonly #host: Host;
  readonly #pending = new Map<ChannelId, net.Socket>();
  #connections = 0;

  constructor(host: Host) {
    this.#host = host;
  }

  /** Listens for as long as the request is open. Rejects as `refused`, with the system's reason. */
  async listen(request: Channel, { address }: ListenDescription): Promise<void> {
    const place = await placeOf(address, this.#host.home);
    const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) =>
      this.#announce(request, socket),
    );
    const close = (): void => {
      server.close();
      if (place.folder !== undefined) removeFolder(place.folder, this.#host);
    };
    try {
      await startServer(server, place.options, this.#host.log);
    } catch (cause) {
      close();
      throw new OperationError('refused', `Cannot listen there: ${describeError(cause)}`, { cause });
    }
    if (!request.isOpen) {
      close();
      return;
    }
    request.once('close', close);
    request.resume();
    request.confirm(detailsOf(server, place));
  }

  /** Joins a connection that waits with the request. */
  accept(request: Channel, id: ChannelId): void {
    const socket = this.#pending.get(id);
    this.#pending.delete(id);
    if (!socket || socket.destroyed) throw new OperationError('not-found', 'The connection has gone');
    socket.setTimeout(0);
    request.confirm();
    joinSocket(request, socket);
  }

  /** Closes the connections that wait; a listener ends with its request. */
  end(): void {
    for (const socket of this.#pending.values()) socket.destroy();
    this.#pending.clear();
  }

  #announce(request: Channel, socket: net.Socket): void {
    socket.on('error', () => undefined);
    if (this.#pending.size >= MAX_PENDING || !request.isOpen) {
      socket.destroy();
      return;
    }
    const channel = (this.#connections++).toString(36);
    this.#pending.set(channel, socket);
    const forget = (): void => void this.#pending.delete(channel);
    socket.once('close', forget);
    socket.setTimeout(PENDING_MS, () => {
      if (this.#pending.has(channel)) socket.destroy();
    });
    const connection: IncomingConnection = {
      channel,
      host: socket.remoteAddress ?? '',
      port: socket.remotePort ?? 0,
    };
    request.write(`${JSON.stringify(connection)}\n`);
  }
}

async function placeOf(address: ListenDescription['address'], home: string): Promise<Place> {
  switch (address.kind) {
    case 'tcp':
      return { options: { host: address.host, port: address.port } };
    case 'unix':
      return { options: { path: socketPath(home, address.path) } };
    case 'private': {
      const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'ssh-'));
      try {
        return { options: { path: socketPath(folder, 'agent') }, folder };
      } catch (error) {
        await fs.rmdir(folder);
        throw error;
      }
    }
  }
}

function detailsOf(server: net.Server, { options, folder }: Place): ListenDetails {
  const bound = server.address();
  const port = typeof bound === 'object' && bound ? bound.port : 0;
  return { port, ...(folder !== undefined && { path: options.path ?? '' }) };
}

function removeFolder(folder: string, { log }: Host): void {
  logFailure(log, `cannot remove ${folder}`, fs.rm(folder, { recursive: true, force: true }));
}
