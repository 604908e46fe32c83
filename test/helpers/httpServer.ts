import { once } from 'node:events';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';

export interface TestServer {
  readonly server: http.Server;
  /** Base URL, on loopback. */
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Serves HTTP on a free loopback port; close() also ends connections that are open. */
export async function serveHttp(handler?: http.RequestListener): Promise<TestServer> {
  return listen(http.createServer(handler));
}

/** Listens on a free port of a loopback address with a server of the caller's making. */
export async function listen(server: http.Server, address = '127.0.0.1'): Promise<TestServer> {
  server.listen(0, address);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    server,
    port,
    url: `http://${address}:${port}`,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The request's body as text. */
export async function bodyOf(request: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
