import { randomUUID } from 'node:crypto';
import { backoffMs, delay } from '../../base/async';
import { printable } from '../../base/errors';
import { createDeadline } from '../../base/deadline';
import { CloudError, cloudErrorCode } from '../errors';
import type { CreateField, CreateOptions } from '../createFields';
import type { AccountInfo, CloudClient, Sandbox, SandboxPage, SandboxStatus, Transport } from '../provider';
import { parseAnswer } from '../validate';
import type { BoxliteApi } from './api';
import { boxFields, boxRequest } from './newBox';
import { boxPageSchema, boxSchema, toSandbox } from './schemas';
import { BoxliteTransport } from './transport';

const PAGE_SIZE = '100';
/** How long the server may let a box's processes end by themselves before it kills them. */
const STOP_GRACE_SECONDS = 30;
const STOP_TIMEOUT_MS = 90_000;
/**
 * The local cloud fetches an image for up to 15 minutes (PULL_TIMEOUT_MS) and then has its engine make a container; what
 * went wrong is the server's to say. BoxLite's own cloud answers sooner, whatever is the matter.
 */
export const CREATE_TIMEOUT_MS = 20 * 60_000;
const START_LIMIT_MS = 180_000;
const POLL_BASE_MS = 250;
const POLL_MAX_MS = 3_000;

const onItsWay: ReadonlySet<SandboxStatus> = new Set(['running', 'starting', 'creating']);

export class BoxliteClient implements CloudClient {
  constructor(private readonly api: BoxliteApi) {}

  async whoAmI(signal?: AbortSignal): Promise<AccountInfo> {
    const principal = await this.api.principal(signal);
    if (!principal) return this.#singleTenant(signal);
    const user = firstWords(principal.sub, principal.email) ?? 'local';
    const label = firstWords(principal.display_name, principal.email) ?? user;
    return { user, label: printable(label, 200) };
  }

  /** A server without users: that it lists boxes for us shows that it is one and takes our token. */
  async #singleTenant(signal?: AbortSignal): Promise<AccountInfo> {
    try {
      await this.listPage(undefined, signal);
    } catch (cause) {
      if (cloudErrorCode(cause) !== 'not-found') throw cause;
      throw new CloudError('protocol', 'There is no BoxLite API at this address; check the base URL', {
        cause,
      });
    }
    return { user: 'local', label: 'local' };
  }

  async listPage(pageToken?: string, signal?: AbortSignal): Promise<SandboxPage> {
    const query = { pageSize: PAGE_SIZE, ...(pageToken === undefined ? {} : { pageToken }) };
    const body = await this.api.request({ what: 'list the sandboxes', method: 'GET', query, signal });
    const page = parseAnswer(boxPageSchema, body, 'list of sandboxes');
    const next = page.next_page_token;
    return {
      sandboxes: page.boxes.map(toSandbox),
      // A server that ignores paging may hand back the token it was given.
      ...(next && next !== pageToken ? { next } : {}),
    };
  }

  async get(id: string, signal?: AbortSignal): Promise<Sandbox> {
    const body = await this.api.request({ what: 'read the sandbox', method: 'GET', segments: [id], signal });
    return sandboxOf(body);
  }

  async status(id: string, signal?: AbortSignal): Promise<SandboxStatus> {
    return (await this.get(id, signal)).status;
  }

  async createFields(signal?: AbortSignal): Promise<readonly CreateField[]> {
    return boxFields(await this.api.config(signal));
  }

  async create(options: CreateOptions, signal?: AbortSignal): Promise<Sandbox> {
    const body = await this.api.request({
      what: 'create the sandbox',
      method: 'POST',
      body: boxRequest(options),
      idempotencyKey: randomUUID(),
      timeoutMs: CREATE_TIMEOUT_MS,
      signal,
    });
    return sandboxOf(body);
  }

  async start(id: string, signal?: AbortSignal): Promise<Sandbox> {
    const timedOut = (): CloudError =>
      new CloudError(
        'unreachable',
        `The sandbox does not run ${START_LIMIT_MS / 1000} s after it was started`,
      );
    const deadline = createDeadline(START_LIMIT_MS, timedOut, signal);
    try {
      const sandbox = await this.#requestStart(id, deadline.signal);
      return await this.#waitUntilRunning(sandbox, deadline.signal);
    } finally {
      deadline.dispose();
    }
  }

  async #requestStart(id: string, signal: AbortSignal): Promise<Sandbox> {
    try {
      const body = await this.api.request({
        what: 'start the sandbox',
        method: 'POST',
        segments: [id, 'start'],
        idempotencyKey: randomUUID(),
        timeoutMs: START_LIMIT_MS,
        signal,
      });
      return body === undefined ? await this.get(id, signal) : sandboxOf(body);
    } catch (error) {
      if (cloudErrorCode(error) !== 'conflict') throw error;
      // Somebody else may have started it just now.
      const sandbox = await this.get(id, signal);
      if (!onItsWay.has(sandbox.status)) throw error;
      return sandbox;
    }
  }

  async #waitUntilRunning(first: Sandbox, signal: AbortSignal): Promise<Sandbox> {
    let sandbox = first;
    for (let attempt = 0; sandbox.status !== 'running'; attempt++) {
      if (sandbox.status === 'failed') {
        throw new CloudError('conflict', `Sandbox "${printable(sandbox.name, 80)}" failed to start`);
      }
      await delay(backoffMs(attempt, POLL_BASE_MS, POLL_MAX_MS), signal);
      sandbox = await this.get(first.id, signal);
    }
    return sandbox;
  }

  async stop(id: string, signal?: AbortSignal): Promise<Sandbox> {
    const body = await this.api.request({
      what: 'stop the sandbox',
      method: 'POST',
      segments: [id, 'stop'],
      body: { timeout_seconds: STOP_GRACE_SECONDS },
      idempotencyKey: randomUUID(),
      timeoutMs: STOP_TIMEOUT_MS,
      signal,
    });
    return body === undefined ? this.get(id, signal) : sandboxOf(body);
  }

  async delete(id: string, signal?: AbortSignal): Promise<void> {
    await this.api.request({
      what: 'delete the sandbox',
      method: 'DELETE',
      segments: [id],
      query: { force: 'true' },
      timeoutMs: STOP_TIMEOUT_MS,
      signal,
    });
  }

  transport(id: string): Transport {
    return new BoxliteTransport(this.api, id);
  }

  dispose(): void {
    this.api.dispose();
  }
}

function firstWords(...texts: readonly (string | null | undefined)[]): string | undefined {
  return texts.find((text) => text?.trim()) ?? undefined;
}

function sandboxOf(body: unknown): Sandbox {
  return toSandbox(parseAnswer(boxSchema, body, 'sandbox'));
}
