import { once } from 'node:events';
import * as net from 'node:net';
import { LossyNetwork } from './lossyNetwork';

/** A TCP relay to a server of this computer, as a network that can be harmed. */
export class Relay {
  readonly network = new LossyNetwork();

  private constructor(
    private readonly server: net.Server,
    private readonly target: URL,
  ) {}

  /** @param port to listen on; any that is free unless told */
  static async start(target: string, port = 0): Promise<Relay> {
    const relay = new Relay(net.createServer({ allowHalfOpen: true }), new URL(target));
    relay.server.on('connection', (socket) => relay.#carry(socket));
    await once(relay.server.listen(port, '127.0.0.1'), 'listening');
    return relay;
  }

  /** The server's address, by way of this relay. */
  get url(): string {
    const url = new URL(this.target);
    url.port = String((this.server.address() as net.AddressInfo).port);
    return url.href;
  }

  async stop(): Promise<void> {
    this.network.close();
    this.server.close();
    await once(this.server, 'close');
  }

  #carry(inward: net.Socket): void {
    const outward = net.connect({
      host: this.target.hostname,
      port: Number(this.target.port),
      allowHalfOpen: true,
    });
    for (const socket of [inward, outward]) socket.setNoDelay(true);
    this.network.carry(inward, outward);
  }
}
