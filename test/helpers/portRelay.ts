import { once } from 'node:events';
import * as net from 'node:net';
import type { Duplex } from 'node:stream';

export interface PortRelayOptions {
  /** Opens what a connection goes on to; undefined: there is nothing, and the connection is closed. */
  readonly connect: () => Duplex | undefined;
  /** Of this computer; 127.0.0.1 unless told. */
  readonly address?: string;
}

/** A TCP port of this computer that leads elsewhere, such as into a network of its own. Its owner closes it. */
export class PortRelay {
  readonly #sockets = new Set<net.Socket>();

  private constructor(
    private readonly server: net.Server,
    private readonly connect: PortRelayOptions['connect'],
  ) {}

  static async start({ connect, address = '127.0.0.1' }: PortRelayOptions): Promise<PortRelay> {
    const relay = new PortRelay(net.createServer({ allowHalfOpen: true }), connect);
    relay.server.on('connection', (socket) => relay.#carry(socket));
    await once(relay.server.listen(0, address), 'listening');
    return relay;
  }

  get port(): number {
    return (this.server.address() as net.AddressInfo).port;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.server.close();
  }

  #carry(client: net.Socket): void {
    this.#sockets.add(client.on('close', () => this.#sockets.delete(client)));
    const inside = this.connect();
    if (!inside) return void client.destroy();
    client.on('error', () => inside.destroy());
    inside.on('error', () => client.destroy());
    client.pipe(inside).pipe(client);
  }
}
