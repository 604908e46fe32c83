import { once } from 'node:events';
import * as net from 'node:net';
import { Transform } from 'node:stream';

/** What is on its way in one step. */
const STEP_BYTES = 16 * 1024;

/** A TCP relay to a server of this computer, which each of its connections reaches by a slow uplink of its own. */
export class SlowUplink {
  private constructor(
    private readonly server: net.Server,
    private readonly target: URL,
  ) {}

  static async start(target: string, bytesPerSecond: number): Promise<SlowUplink> {
    const url = new URL(target);
    const server = net.createServer((client) => {
      const service = net.connect({ host: url.hostname, port: Number(url.port) });
      for (const [from, to] of [
        [client, service],
        [service, client],
      ] as const) {
        from.on('error', () => to.destroy()).once('close', () => to.destroy());
      }
      client.pipe(slowPipe(bytesPerSecond)).pipe(service).pipe(client);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return new SlowUplink(server, url);
  }

  /** The server's address, by way of this relay. */
  get url(): string {
    const url = new URL(this.target);
    url.port = String((this.server.address() as net.AddressInfo).port);
    return url.href;
  }

  stop(): void {
    this.server.close();
  }
}

function slowPipe(bytesPerSecond: number): Transform {
  return new Transform({
    highWaterMark: STEP_BYTES,
    transform: (chunk: Buffer, _encoding, done) => {
      setTimeout(() => done(null, chunk), (1000 * chunk.length) / bytesPerSecond);
    },
  });
}
