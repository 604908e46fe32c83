import { once } from 'node:events';
import * as http from 'node:http';

/** What a container engine answers that has no processes: where the API of Docker ends, so does this. */
export class ContainerEngine {
  /** Whether it has every image; else each must be fetched, which never ends. */
  hasImages = true;
  /** Fetches of images that a client waits for. */
  fetches = 0;
  readonly #containers = new Set<string>();
  #server: http.Server | undefined;

  /** @param socket path of its Unix socket */
  constructor(private readonly socket: string) {}

  get url(): string {
    return `unix://${this.socket}`;
  }

  async start(): Promise<void> {
    this.#server = http.createServer((request, response) => this.#answer(request, response));
    this.#server.listen(this.socket);
    await once(this.#server, 'listening');
  }

  async stop(): Promise<void> {
    if (!this.#server?.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  #answer(request: http.IncomingMessage, response: http.ServerResponse): void {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://engine');
    const give = (status: number, body: object = {}): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    if (pathname === '/_ping') give(200);
    else if (pathname === '/version') give(200, { Os: 'linux', Version: '1', Components: [] });
    else if (pathname.startsWith('/images/') && request.method === 'GET') give(this.hasImages ? 200 : 404);
    else if (pathname === '/images/create') this.#fetchImage(response);
    else if (pathname === '/containers/create') {
      this.#containers.add(searchParams.get('name') ?? '');
      give(201, { Id: searchParams.get('name') });
    } else give(404);
  }

  #fetchImage(response: http.ServerResponse): void {
    this.fetches++;
    response.on('close', () => this.fetches--);
    response.writeHead(200).write('{"status":"Pulling"}\n');
  }
}
