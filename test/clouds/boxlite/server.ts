import { randomUUID } from 'node:crypto';
import * as fs from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import * as os from 'node:os';
import * as path from 'node:path';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { killAgentsIn } from '../../helpers/agent';
import { bodyOf, listen, type TestServer } from '../../helpers/httpServer';
import { StandInExecution, type ExecBody } from './executions';
import type { BoxliteQuirks, StandInBox } from './options';

/**
 * Stands in for BoxLite's `serve` and cloud, neither of which can run in a test: the same wire, with real processes of
 * this computer as executions, and their quirks (see BoxliteQuirks).
 */
export class BoxliteStandIn {
  readonly boxes: StandInBox[] = [];
  readonly executions = new Map<string, StandInExecution>();
  /** Method and path of each request, in order. */
  readonly requests: string[] = [];
  readonly idempotencyKeys: string[] = [];
  /** Sockets of handshakes that get no answer. */
  readonly waitingSockets: Duplex[] = [];
  #server: TestServer | undefined;
  /** Of all boxes. */
  #home = '';
  readonly #sockets = new WebSocketServer({ noServer: true });

  constructor(private readonly quirks: BoxliteQuirks = {}) {}

  get url(): string {
    return this.#server?.url ?? '';
  }

  async start(): Promise<this> {
    const server = createServer((request, response) => void this.#serve(request, response));
    server.on('upgrade', (request, socket: Duplex, head) => this.#upgrade(request, socket, head));
    this.#home = await fs.mkdtemp(path.join(os.tmpdir(), 'sbxhome-'));
    this.#server = await listen(server);
    return this;
  }

  async stop(): Promise<void> {
    for (const execution of this.executions.values()) execution.kill();
    for (const socket of this.#sockets.clients) socket.terminate();
    await this.#server?.close();
    if (this.#home === '') return;
    await killAgentsIn(this.#home);
    await fs.rm(this.#home, { recursive: true, force: true, maxRetries: 5 });
  }

  addBox(box: Partial<StandInBox> = {}): StandInBox {
    const added = {
      box_id: randomUUID(),
      name: null,
      status: 'running',
      image: 'alpine:latest',
      created_at: '2026-01-02T03:04:05Z',
      polls: 0,
      ...box,
    };
    this.boxes.push(added);
    return added;
  }

  /** The only execution there is. */
  get execution(): StandInExecution {
    const [execution] = this.executions.values();
    if (!execution) throw new Error('nothing was executed');
    return execution;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests.push(`${request.method ?? ''} ${request.url ?? ''}`);
    const key = request.headers['idempotency-key'];
    if (typeof key === 'string') this.idempotencyKeys.push(key);
    if (this.quirks.intercept?.(request, response)) return;
    const answer = this.#answer(request, await bodyOf(request));
    response.writeHead(answer.status, { 'content-type': 'application/json' });
    response.end(answer.body === undefined ? '' : JSON.stringify(answer.body));
  }

  #answer(request: IncomingMessage, text: string): Answer {
    const url = new URL(request.url ?? '', 'http://stand-in');
    if (url.pathname === '/v1/config') return ok(this.#config());
    if (!this.#isAuthentic(request)) return this.#error(401, 'unauthenticated', 'invalid API key');
    if (url.pathname === '/v1/me' && this.quirks.hasMe !== false) return ok(this.#me());
    const segments = this.#boxSegments(url.pathname);
    if (!segments) return this.#error(404, 'not_found', 'no such route');
    const body = text ? (JSON.parse(text) as Record<string, unknown>) : {};
    const [id, ...rest] = segments;
    if (id === undefined) return this.#collection(request.method ?? '', url, body);
    const box = this.boxes.find((candidate) => candidate.box_id === id || candidate.name === id);
    if (!box) return this.#error(404, 'not_found', `box ${id} not found`);
    return this.#member(box, `${request.method ?? ''} ${rest[0] ?? ''}`, rest, body, url);
  }

  #isAuthentic(request: IncomingMessage): boolean {
    const { token } = this.quirks;
    return token === undefined || request.headers.authorization === `Bearer ${token}`;
  }

  #config(): unknown {
    return {
      api_version: '0.1.0',
      ...(this.quirks.binaryOutput ? { capabilities: { binary_output: true } } : {}),
    };
  }

  #me(): unknown {
    const { pathPrefix = null } = this.quirks;
    return {
      sub: 'user-1',
      principal_type: 'user',
      email: 'ann@example.org',
      path_prefix: pathPrefix,
      scopes: [],
    };
  }

  /** The decoded path below …/boxes; undefined for any other path. */
  #boxSegments(pathname: string): string[] | undefined {
    const root = ['/v1', ...(this.quirks.pathPrefix ? [this.quirks.pathPrefix] : []), 'boxes'].join('/');
    if (pathname !== root && !pathname.startsWith(`${root}/`)) return undefined;
    return pathname
      .slice(root.length + 1)
      .split('/')
      .filter(Boolean)
      .map(decodeURIComponent);
  }

  #collection(method: string, url: URL, body: Record<string, unknown>): Answer {
    if (method === 'GET') return ok(this.#page(url.searchParams.get('pageToken') ?? ''));
    const unknown = Object.keys(body).find((field) => field !== 'name' && field !== 'image');
    if (unknown) return this.#error(422, 'invalid_argument', `unknown field ${unknown}`);
    const name = typeof body['name'] === 'string' ? body['name'] : null;
    if (name && this.boxes.some((box) => box.name === name)) {
      return this.#error(409, 'already_exists', `box ${name} exists`);
    }
    const image = typeof body['image'] === 'string' ? body['image'] : 'alpine:latest';
    return { status: 201, body: this.addBox({ name, image, status: 'configured' }) };
  }

  #page(token: string): unknown {
    const { paging = 'honoured', pageSize = 100 } = this.quirks;
    if (paging === 'ignored') return { boxes: this.boxes };
    if (paging === 'stuck') return { boxes: this.boxes, next_page_token: 'again' };
    if (paging === 'looping') return { boxes: this.boxes, next_page_token: token === 'a' ? 'b' : 'a' };
    const start = Number(token);
    const end = start + pageSize;
    return {
      boxes: this.boxes.slice(start, end),
      next_page_token: end < this.boxes.length ? String(end) : null,
    };
  }

  #member(box: StandInBox, call: string, rest: string[], body: Record<string, unknown>, url: URL): Answer {
    switch (call) {
      case 'GET ':
        if (box.status === 'starting' && box.polls-- <= 0) box.status = 'running';
        return ok(box);
      case 'DELETE ':
        return this.#delete(box, url);
      case 'POST start':
        return this.#startBox(box);
      case 'POST stop':
        box.status = 'stopped';
        return ok(box);
      case 'POST exec':
        return this.#exec(body);
      default:
        return this.#onExecution(`${call} ${rest[2] ?? ''}`, rest, body);
    }
  }

  #delete(box: StandInBox, url: URL): Answer {
    if (box.status === 'running' && url.searchParams.get('force') !== 'true') {
      return this.#error(409, 'invalid_state', 'the box runs');
    }
    this.boxes.splice(this.boxes.indexOf(box), 1);
    return { status: 204 };
  }

  #startBox(box: StandInBox): Answer {
    if (box.status === 'failed') return this.#error(409, 'invalid_state', 'the box has failed');
    const polls = this.quirks.startPolls ?? 0;
    box.polls = polls;
    box.status = polls > 0 ? 'starting' : 'running';
    return { status: this.quirks.startStatus ?? 200, body: box };
  }

  #exec(body: Record<string, unknown>): Answer {
    const known = new Set(['command', 'args', 'env', 'working_dir', 'tty', 'timeout_seconds', 'stdin']);
    const unknown = Object.keys(body).find((field) => !known.has(field));
    if (unknown) return this.#error(422, 'invalid_argument', `unknown field ${unknown}`);
    const execution = new StandInExecution(
      randomUUID(),
      body as unknown as ExecBody,
      this.#home,
      this.quirks,
    );
    this.executions.set(execution.id, execution);
    return { status: 201, body: { execution_id: execution.id } };
  }

  #onExecution(call: string, [, id = '']: string[], body: Record<string, unknown>): Answer {
    const execution = this.executions.get(id);
    if (!execution) return this.#error(404, 'not_found', 'no such execution');
    if (call === 'DELETE executions ') {
      execution.kill();
      return { status: 204 };
    }
    if (call === 'POST executions signal') {
      if (this.quirks.hasSignalCall === false) return this.#error(404, 'not_found', 'no such route');
      const isAllowed = execution.signal(Number(body['signal']));
      return isAllowed ? { status: 204 } : this.#error(400, 'invalid_argument', 'signal not allowed');
    }
    const { status, exitCode } = execution;
    return ok({ execution_id: id, status, exit_code: exitCode ?? null });
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.requests.push(`UPGRADE ${request.url ?? ''}`);
    const url = new URL(request.url ?? '', 'http://stand-in');
    const [, , id = ''] = this.#boxSegments(url.pathname) ?? [];
    if (this.quirks.refuseAttach === 'never') {
      this.waitingSockets.push(socket);
      // Reading is what notices the other side's end, and an HTTP server's sockets outlive it.
      socket
        .on('error', () => undefined)
        .on('end', () => socket.destroy())
        .resume();
      return;
    }
    const execution = this.executions.get(id);
    const refusal = this.#refusal(request, execution);
    if (refusal || !execution) {
      const { status, body } = refusal ?? this.#error(404, 'not_found', 'no such execution');
      const text = JSON.stringify(body);
      socket.end(`HTTP/1.1 ${status} Refused\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (client) => execution.attach(client));
  }

  #refusal(request: IncomingMessage, execution: StandInExecution | undefined): Answer | undefined {
    if (!this.#isAuthentic(request)) return this.#error(401, 'unauthenticated', 'invalid API key');
    const { refuseAttach } = this.quirks;
    if (typeof refuseAttach === 'number') return this.#error(refuseAttach, 'later', 'no attachment today');
    if (execution?.isAttached) return this.#error(409, 'already_attached', 'somebody is attached');
    return undefined;
  }

  #error(status: number, code: string, message: string): Answer {
    switch (this.quirks.errors ?? 'envelope') {
      case 'flat':
        return { status, body: { error: message } };
      case 'integer':
        return { status, body: { error: { message, type: 'error', code: status } } };
      case 'envelope':
        return { status, body: { error: { message, type: 'error', code, request_id: 'r-1' } } };
    }
  }
}

interface Answer {
  readonly status: number;
  readonly body?: unknown;
}

function ok(body: unknown): Answer {
  return { status: 200, body };
}
