import { CloudError } from '../../src/cloud/errors';
import type { CreateField, CreateOptions } from '../../src/cloud/createFields';
import type {
  AccountInfo,
  CloudClient,
  Sandbox,
  SandboxPage,
  SandboxStatus,
  Transport,
} from '../../src/cloud/provider';
import { createDeferred, type Deferred } from '../../src/base/async';

/** A cloud in memory. `hold()` makes the calls that follow wait; `fail` makes them reject. */
export class FakeCloud implements CloudClient {
  readonly sandboxes = new Map<string, Sandbox>();
  readonly calls: string[] = [];
  fail: Error | undefined;
  account: AccountInfo = { user: 'ada', label: 'ada@example.com' };
  pageSize = 100;
  disposed = false;
  startConsequence?: NonNullable<CloudClient['startConsequence']>;
  #held: Deferred<undefined> | undefined;

  constructor(...sandboxes: Sandbox[]) {
    for (const sandbox of sandboxes) this.sandboxes.set(sandbox.id, sandbox);
  }

  hold(): () => void {
    const held = createDeferred<undefined>();
    this.#held = held;
    return () => {
      this.#held = undefined;
      held.resolve(undefined);
    };
  }

  async whoAmI(signal?: AbortSignal): Promise<AccountInfo> {
    await this.#enter('whoAmI', signal);
    return this.account;
  }

  async listPage(token?: string, signal?: AbortSignal): Promise<SandboxPage> {
    const all = [...this.sandboxes.values()];
    await this.#enter('list', signal);
    const start = Number(token ?? 0);
    const next = start + this.pageSize;
    const page = all.slice(start, next);
    return next < all.length ? { sandboxes: page, next: String(next) } : { sandboxes: page };
  }

  async get(id: string, signal?: AbortSignal): Promise<Sandbox> {
    await this.#enter('get', signal);
    return this.#existing(id);
  }

  async status(id: string, signal?: AbortSignal): Promise<SandboxStatus> {
    return (await this.get(id, signal)).status;
  }

  async createFields(signal?: AbortSignal): Promise<readonly CreateField[]> {
    await this.#enter('createFields', signal);
    return [{ kind: 'text', key: 'name', maxLength: 100 }];
  }

  async create(options: CreateOptions, signal?: AbortSignal): Promise<Sandbox> {
    await this.#enter('create', signal);
    const id = `id${this.sandboxes.size + 1}`;
    return this.#keep({ id, name: options.name ?? id, status: 'running' });
  }

  async start(id: string, signal?: AbortSignal): Promise<Sandbox> {
    await this.#enter('start', signal);
    return this.#keep({ ...this.#existing(id), status: 'running' });
  }

  async stop(id: string, signal?: AbortSignal): Promise<Sandbox> {
    await this.#enter('stop', signal);
    return this.#keep({ ...this.#existing(id), status: 'stopped' });
  }

  async delete(id: string, signal?: AbortSignal): Promise<void> {
    await this.#enter('delete', signal);
    this.#existing(id);
    this.sandboxes.delete(id);
  }

  transport(): Transport {
    throw new Error('FakeCloud has no transport');
  }

  dispose(): void {
    this.disposed = true;
  }

  async #enter(call: string, signal?: AbortSignal): Promise<void> {
    this.calls.push(call);
    await this.#held?.promise;
    signal?.throwIfAborted();
    if (this.fail) throw this.fail;
  }

  #existing(id: string): Sandbox {
    const sandbox = this.sandboxes.get(id);
    if (!sandbox) throw new CloudError('not-found', `No sandbox ${id}`);
    return sandbox;
  }

  #keep(sandbox: Sandbox): Sandbox {
    this.sandboxes.set(sandbox.id, sandbox);
    return sandbox;
  }
}
