import { delay } from '../../../src/base/async';
import { eventually } from '../../helpers/eventually';
import type { OpenHandsCloud } from './cloud';
import type { SandboxInfo, ServiceName } from './options';

const START_MS = 150_000;
const LOOK_MS = 100;

/** An answer as a test compares it: JSON is parsed. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** A bare client of the app server, for tests of the stand-in and for setting the scene of others. */
export class AppServerClient {
  constructor(
    private readonly cloud: OpenHandsCloud,
    private readonly headers: Readonly<Record<string, string>> = { authorization: `Bearer ${cloud.apiKey}` },
  ) {}

  async call(method: string, path: string, body?: URLSearchParams): Promise<Answer> {
    const init = { method, headers: this.headers, ...(body && { body }) };
    return answerOf(await fetch(this.cloud.url + path, init));
  }

  async get(id: string): Promise<SandboxInfo | null> {
    const { body } = await this.call('GET', `/api/v1/sandboxes?id=${id}`);
    return (body as (SandboxInfo | null)[])[0] ?? null;
  }

  /** Makes a sandbox and waits until its agent-server answers. */
  async create(): Promise<RunningSandbox> {
    const { body } = await this.call('POST', '/api/v1/sandboxes');
    return this.ready((body as SandboxInfo).id);
  }

  /** Waits until a sandbox runs and its agent-server answers. */
  async ready(id: string): Promise<RunningSandbox> {
    return eventually(async () => {
      // The real agent-server loads for seconds, and needs the processor more than its clients.
      await delay(LOOK_MS);
      const sandbox = new RunningSandbox(await this.get(id));
      const { status } = await sandbox.call('GET', '/health');
      if (status !== 200) throw new Error(`the agent-server of ${id} answers ${status}`);
      return sandbox;
    }, START_MS);
  }
}

/** A sandbox as it was when it ran, and a bare client of its agent-server. */
export class RunningSandbox {
  readonly info: SandboxInfo;

  constructor(info: SandboxInfo | null) {
    if (info?.status !== 'RUNNING') {
      throw new Error(
        `the sandbox is ${info?.status ?? 'unknown'}: ${info?.status_detail ?? 'no reason is told'}`,
      );
    }
    this.info = info;
  }

  get id(): string {
    return this.info.id;
  }

  urlOf(service: ServiceName | 'SSH'): string {
    const found = this.info.exposed_urls?.find(({ name }) => name === service);
    if (!found) throw new Error(`there is no URL of ${service}`);
    return found.url;
  }

  /** A request to the agent-server. A plain object is sent as JSON, a form as multipart/form-data. */
  async call(
    method: string,
    path: string,
    body?: object,
    key = this.info.session_api_key ?? '',
  ): Promise<Answer> {
    const isForm = body instanceof FormData;
    const headers = {
      'x-session-api-key': key,
      ...(body && !isForm && { 'content-type': 'application/json' }),
    };
    const content = body && (isForm ? body : JSON.stringify(body));
    return answerOf(
      await fetch(this.urlOf('AGENT_SERVER') + path, { method, headers, ...(content && { body: content }) }),
    );
  }

  /** Runs a line of shell and gives what it writes to stdout. */
  async run(command: string, timeout = 20): Promise<string> {
    const { body } = await this.call('POST', '/api/bash/execute_bash_command', { command, timeout });
    return (body as { stdout: string | null }).stdout ?? '';
  }

  async upload(path: string, content: string): Promise<Answer> {
    const form = new FormData();
    form.append('file', new Blob([content]), 'file');
    return this.call('POST', `/api/file/upload?path=${encodeURIComponent(path)}`, form);
  }
}

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('application/json');
  return { status: response.status, body: isJson ? (JSON.parse(text) as unknown) : text };
}
