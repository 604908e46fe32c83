import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type * as net from 'node:net';
import type { Duplex } from 'node:stream';
import { listen, type TestServer } from '../../helpers/httpServer';
import type { RequestLog } from './requestLog';
import type { OpenHandsOptions, ServiceName } from './options';
import type { StandInSandbox } from './sandbox';

/** Where a request goes. Its path stays as it came: OpenHands' ingress strips no prefix. */
export interface Route {
  readonly sandbox: StandInSandbox;
  readonly service: ServiceName;
}

/**
 * A reverse proxy in front of services of sandboxes, as a cloud has it: HTML of its own for what it cannot reach, and
 * connections that can be lost.
 */
export class Ingress {
  private constructor(
    private readonly server: TestServer,
    private readonly options: OpenHandsOptions,
    private readonly log: RequestLog,
  ) {}

  static async start(
    route: (request: IncomingMessage) => Route | undefined,
    options: OpenHandsOptions,
    log: RequestLog,
  ): Promise<Ingress> {
    const server = createServer();
    const ingress = new Ingress(await listen(server, options.address), options, log);
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      const found = route(request);
      if (found) void ingress.#forward(request, response, found);
      else sendPage(response, 404);
    });
    server.on('upgrade', (request: IncomingMessage, socket: net.Socket, head: Buffer) => {
      const found = route(request);
      if (found) void ingress.#upgrade(request, socket, head, found);
      else socket.end(rawPage(404));
    });
    return ingress;
  }

  get port(): number {
    return this.server.port;
  }

  async close(): Promise<void> {
    await this.server.close();
  }

  async #forward(
    request: IncomingMessage,
    response: ServerResponse,
    { sandbox, service }: Route,
  ): Promise<void> {
    this.log.record(request, service, sandbox.id);
    await sandbox.network.audible();
    const connection = sandbox.connect(service);
    if (!connection) {
      sendPage(response, 404);
      return;
    }
    const upstream = httpRequest({
      createConnection: () => connection,
      method: request.method,
      path: request.url,
      headers: { ...request.headers, connection: 'close' },
    });
    upstream.on('response', (answer) => {
      // The client's connection is kept, whatever becomes of the one to the service.
      response.writeHead(answer.statusCode ?? 502, { ...answer.headers, connection: 'keep-alive' });
      answer.pipe(response);
      answer.on('error', () => response.destroy());
    });
    upstream.on('error', () => {
      if (response.headersSent) response.destroy();
      else sendPage(response, 502);
    });
    response.on('close', () => upstream.destroy());
    request.pipe(upstream);
  }

  async #upgrade(
    request: IncomingMessage,
    socket: net.Socket,
    head: Buffer,
    { sandbox, service }: Route,
  ): Promise<void> {
    socket.on('error', () => socket.destroy());
    this.log.record(request, service, sandbox.id);
    await sandbox.network.audible();
    const upstream = sandbox.connect(service);
    if (!upstream) return void socket.end(rawPage(404));
    upstream.write(Buffer.concat([Buffer.from(requestHead(request), 'latin1'), head]));
    if (await speaks(upstream)) sandbox.network.carry(socket, upstream, this.options.idleCutMs);
    else socket.end(rawPage(502));
  }
}

/** Whether anything comes from a connection before it ends: nobody listens on the port where nothing does. */
async function speaks(upstream: Duplex): Promise<boolean> {
  return new Promise((resolve) => {
    upstream.once('readable', () => resolve(upstream.readableLength > 0));
    upstream.once('error', () => resolve(false));
    upstream.once('close', () => resolve(false));
  });
}

function requestHead({ method, url, httpVersion, rawHeaders }: IncomingMessage): string {
  const lines = [`${method ?? ''} ${url ?? ''} HTTP/${httpVersion}`];
  for (let i = 0; i < rawHeaders.length; i += 2) lines.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}

const PAGES = { 404: 'Not Found', 502: 'Bad Gateway' } as const;

function page(status: keyof typeof PAGES): string {
  const title = `${status} ${PAGES[status]}`;
  return `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n`;
}

function sendPage(response: ServerResponse, status: keyof typeof PAGES): void {
  response.writeHead(status, { 'content-type': 'text/html' }).end(page(status));
}

function rawPage(status: keyof typeof PAGES): string {
  const body = page(status);
  const head = `HTTP/1.1 ${status} ${PAGES[status]}\r\nContent-Type: text/html\r\nContent-Length: ${body.length}\r\n`;
  return `${head}Connection: close\r\n\r\n${body}`;
}
