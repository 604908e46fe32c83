import { once } from 'node:events';
import * as net from 'node:net';
import { pipeline } from 'node:stream';

/** A TCP relay to a server of this computer, as a network that can lose its connections. */
export class Relay {
  readonly #sockets = new Set<net.Socket>();

  private constructor(
    private readonly server: net.Server,
    private readonly target: URL,
  ) {}

  static async start(target: string): Promise<Relay> {
    const relay = new Relay(net.createServer({ allowHalfOpen: true }), new URL(target));
    relay.server.on('connection', (socket) => relay.#carry(socket));
    await once(relay.server.listen(0, '127.0.0.1'), 'listening');
    return relay;
  }

  /** The server's address, by way of this relay. */
  get url(): string {
    const url = new URL(this.target);
    url.port = String((this.server.address() as net.AddressInfo).port);
    return url.href;
  }

  /** Loses every connection there is, and tells how many; later ones are carried. */
  cut(): number {
    const count = this.#sockets.size / 2;
    for (const socket of this.#sockets) socket.resetAndDestroy();
    return count;
  }

  async stop(): Promise<void> {
    this.cut();
    this.server.close();
    await once(this.server, 'close');
  }

  #carry(inward: net.Socket): void {
    const outward = net.connect({
      host: this.target.hostname,
      port: Number(this.target.port),
      allowHalfOpen: true,
    });
    for (const [from, to] of [
      [inward, outward],
      [outward, inward],
    ] as const) {
      from.setNoDelay(true);
      this.#sockets.add(from);
      from.once('close', () => this.#sockets.delete(from));
      // A failure of either is the end of both, and its peer's to notice.
      pipeline(from, to, () => undefined);
    }
  }
}
