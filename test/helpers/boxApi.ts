import assert from 'node:assert/strict';
import { once } from 'node:events';
import WebSocket from 'ws';

/** All that a response of the Box API may have; each has a part of it. */
export interface ApiBody {
  readonly box_id: string;
  readonly name: string;
  readonly status: string;
  readonly image: string;
  readonly notice?: string;
  readonly created_at: string;
  readonly boxes: readonly ApiBody[];
  readonly next_page_token: string | null;
  readonly execution_id: string;
  readonly exit_code: number | null;
  readonly path_prefix: string | null;
  readonly scopes: readonly string[];
  readonly capabilities: Readonly<Record<string, unknown>>;
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly code: string;
    readonly request_id: string;
  };
}

export interface ApiResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly body: ApiBody;
}

/** A text frame of the server. */
export interface ControlFrame {
  readonly type: 'exit' | 'error';
  readonly exit_code?: number;
  readonly message?: string;
}

export interface AttachResult {
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  /** Undefined if the socket closed without one. */
  readonly exitCode: number | undefined;
  readonly closeCode: number;
}

export interface ExecOptions {
  readonly env?: Record<string, string>;
  readonly cwd?: string;
  readonly tty?: boolean;
  readonly stdin?: Buffer | string;
}

/** A bare client of the Box API, so that tests see statuses and frames as they are. */
export class BoxApi {
  constructor(
    readonly url: string,
    readonly token: string,
  ) {}

  async call(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<ApiResponse> {
    const response = await fetch(`${this.url}/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${this.token}`, ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: JSON.parse(text || '{}') as ApiBody,
    };
  }

  /** Creates a box and returns its id. */
  async create(request: object = {}): Promise<string> {
    const { status, body } = await this.call('POST', '/boxes', request);
    if (status !== 201) throw new Error(`create: ${status} ${JSON.stringify(body)}`);
    return body.box_id;
  }

  /** Starts a command and returns the path of its execution. */
  async start(box: string, argv: readonly [string, ...string[]], options: ExecOptions = {}): Promise<string> {
    const { status, body } = await this.call('POST', `/boxes/${box}/exec`, {
      command: argv[0],
      args: argv.slice(1),
      env: options.env,
      working_dir: options.cwd,
      tty: options.tty ?? false,
    });
    if (status !== 201) throw new Error(`exec: ${status} ${JSON.stringify(body)}`);
    return `/boxes/${box}/executions/${body.execution_id}`;
  }

  attach(execution: string, query = ''): Attached {
    return new Attached(
      new WebSocket(`${this.url.replace('http', 'ws')}/v1${execution}/attach${query}`, {
        headers: { authorization: `Bearer ${this.token}` },
        perMessageDeflate: false,
      }),
    );
  }

  /** Runs a command to its end. */
  async run(
    box: string,
    argv: readonly [string, ...string[]],
    options: ExecOptions = {},
  ): Promise<AttachResult> {
    const attached = this.attach(await this.start(box, argv, options));
    await attached.opened;
    if (options.stdin !== undefined) attached.write(Buffer.from(options.stdin));
    if (!options.tty) attached.control({ type: 'stdin_eof' });
    return attached.ended();
  }

  /** Standard output of a shell script, without the last line end. */
  async sh(box: string, script: string): Promise<string> {
    const { stdout } = await this.run(box, ['sh', '-c', script]);
    return stdout.toString().trimEnd();
  }
}

const INPUT_FRAME_BYTES = 64 * 1024;

/** A client's side of an attachment; collects all that comes. */
export class Attached {
  readonly opened: Promise<unknown>;
  readonly texts: ControlFrame[] = [];
  readonly #chunks: { readonly channel: number; readonly payload: Buffer }[] = [];
  readonly #closed: Promise<unknown[]>;

  constructor(readonly ws: WebSocket) {
    this.opened = once(ws, 'open');
    this.opened.catch(() => undefined);
    this.#closed = once(ws, 'close');
    this.#closed.catch(() => undefined);
    ws.on('error', () => undefined);
    ws.on('message', (data: Buffer, isBinary: boolean) => {
      if (isBinary) this.#chunks.push({ channel: data[0]!, payload: data.subarray(1) });
      else this.texts.push(JSON.parse(data.toString()) as ControlFrame);
    });
  }

  control(message: object): void {
    this.ws.send(JSON.stringify(message));
  }

  write(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; at += INPUT_FRAME_BYTES) {
      this.ws.send(bytes.subarray(at, at + INPUT_FRAME_BYTES));
    }
  }

  output(channel = 1): Buffer {
    return Buffer.concat(this.#chunks.flatMap((chunk) => (chunk.channel === channel ? [chunk.payload] : [])));
  }

  /** Resolves once standard output contains the text. */
  async until(text: string, withinMs = 10_000): Promise<void> {
    const limit = AbortSignal.timeout(withinMs);
    while (!this.output().includes(text)) await once(this.ws, 'message', { signal: limit });
  }

  async ended(): Promise<AttachResult> {
    const [closeCode] = await this.#closed;
    return {
      stdout: this.output(1),
      stderr: this.output(2),
      exitCode: this.texts.find(({ type }) => type === 'exit')?.exit_code,
      closeCode: closeCode as number,
    };
  }
}

/** Asserts that a request was refused in the API's own form. */
export function assertRefused(response: ApiResponse, status: number, code: string): void {
  assert.equal(response.status, status);
  assert.equal(response.body.error.code, code);
  assert.notEqual(response.body.error.message, '');
  assert.match(response.body.error.type, /Error$/);
  assert.equal(response.body.error.request_id, response.headers.get('x-request-id'));
}
