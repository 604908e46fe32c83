import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { CodedError, describeError, errnoOf } from '../base/errors';
import { createApp, type Services } from './app';
import { serveAttachments } from './upgrade';

/** Why the server cannot run: its port is taken, or another server has its state folder. */
export class ServerError extends CodedError<'port-unavailable' | 'already-running'> {}

/** The Box API on a port of this computer that no other computer reaches. */
export class ApiServer {
  readonly url: string;
  readonly #server: Server;
  readonly #dropAttachments: () => void;

  private constructor(server: Server, dropAttachments: () => void) {
    this.#server = server;
    this.#dropAttachments = dropAttachments;
    const { port } = server.address() as AddressInfo;
    this.url = `http://127.0.0.1:${port}`;
  }

  /** Port 0: any free one. */
  static async listen(services: Services, port: number): Promise<ApiServer> {
    const app = createApp(services);
    const handle = getRequestListener(app.fetch, { hostname: '127.0.0.1' });
    const server = createServer((request, response) => void handle(request, response));
    // A slow upload of files is no attack: only this computer's programs get here.
    server.requestTimeout = 0;
    const attachments = serveAttachments(server, services);
    await listen(server, port);
    return new ApiServer(server, () => attachments.dispose());
  }

  /** Drops every connection and frees the port. */
  async close(): Promise<void> {
    this.#dropAttachments();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }
}

async function listen(server: Server, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      const advice = errnoOf(cause) === 'EADDRINUSE' ? '; choose another, or leave --port out' : '';
      reject(
        new ServerError(
          'port-unavailable',
          `Cannot listen on port ${port}: ${describeError(cause)}${advice}`,
          { cause },
        ),
      );
    });
    server.listen(port, '127.0.0.1', resolve);
  });
}
