import type { CreateOptions } from '../cloud/createFields';
import type { CloudClient, Sandbox, SandboxStatus, StartConsequence } from '../cloud/provider';
import { cloudErrorCode } from '../cloud/errors';
import type { Account } from './account';
import type { SandboxList, SandboxRef } from './sandboxList';

/** What the person did longer ago explains nothing that happens now. */
const MEMORY_MS = 60_000;

type List = Pick<SandboxList, 'showTransition' | 'showPlaceholder' | 'put' | 'drop' | 'refresh'>;

export interface LifecycleOptions {
  readonly list: List;
  readonly client: (account: Account, signal?: AbortSignal) => Promise<CloudClient>;
  /** Asks the person whether that may happen to another sandbox. Rejects with the reason of a cancellation if not. */
  readonly confirmStart: (consequence: StartConsequence) => Promise<void>;
}

/**
 * What a person can do to a sandbox's life. While an action runs, the list shows where it leads; afterwards, what
 * the cloud says. All reject with a CloudError or the signal's reason.
 */
export class Lifecycle {
  readonly #options: LifecycleOptions;
  /**
   * When a sandbox was last stopped or deleted from here, by its account and its id, in milliseconds since the epoch.
   * Those of the last {@link MEMORY_MS}.
   */
  readonly #ended = new Map<string, number>();

  constructor(options: LifecycleOptions) {
    this.#options = options;
  }

  async create(account: Account, options: CreateOptions, signal?: AbortSignal): Promise<SandboxRef> {
    const { list } = this.#options;
    const placeholder = list.showPlaceholder(account, options.name ?? 'new sandbox');
    try {
      const client = await this.#options.client(account, signal);
      await this.#confirmStart(client, undefined, signal);
      const sandbox = await client.create(options, signal);
      const ref = { account, sandbox };
      list.put(ref);
      return ref;
    } finally {
      placeholder.dispose();
      void list.refresh(account.id);
    }
  }

  /** Starts a sandbox that does not run, and waits until it does. */
  async start(ref: SandboxRef, signal?: AbortSignal): Promise<SandboxRef> {
    const { id } = ref.sandbox;
    const start = async (client: CloudClient): Promise<Sandbox> => {
      await this.#confirmStart(client, id, signal);
      return client.start(id, signal);
    };
    return this.#change(ref, 'starting', start, signal);
  }

  async stop(ref: SandboxRef, signal?: AbortSignal): Promise<SandboxRef> {
    this.#noteEnd(ref);
    try {
      return await this.#change(ref, 'stopping', (client) => client.stop(ref.sandbox.id, signal), signal);
    } finally {
      this.#noteEnd(ref);
    }
  }

  /** Whether the person has stopped or deleted it here, no longer ago than that; a minute at most is remembered. */
  hasEnded({ account, sandbox }: SandboxRef, withinMs: number): boolean {
    return Date.now() - (this.#ended.get(`${account.id} ${sandbox.id}`) ?? 0) <= withinMs;
  }

  /** Deletes a sandbox and all that is in it. One that is gone already counts as deleted. */
  async delete(ref: SandboxRef, signal?: AbortSignal): Promise<void> {
    const { list, client } = this.#options;
    this.#noteEnd(ref);
    const transition = list.showTransition(ref, 'stopping');
    try {
      await (await client(ref.account, signal)).delete(ref.sandbox.id, signal).catch(ignoreNotFound);
      list.drop(ref);
    } finally {
      transition.dispose();
      void list.refresh(ref.account.id);
    }
  }

  /**
   * Starts the sandbox unless the cloud says that it runs: what the list shows may be old.
   * @param onStart is called if it has to be started
   */
  async ensureRunning(ref: SandboxRef, signal?: AbortSignal, onStart?: () => void): Promise<SandboxRef> {
    const client = await this.#options.client(ref.account, signal);
    const current: SandboxRef = { account: ref.account, sandbox: await client.get(ref.sandbox.id, signal) };
    if (current.sandbox.status === 'running') return current;
    onStart?.();
    return this.start(current, signal);
  }

  #noteEnd({ account, sandbox }: SandboxRef): void {
    const now = Date.now();
    for (const [key, at] of this.#ended) if (now - at > MEMORY_MS) this.#ended.delete(key);
    this.#ended.set(`${account.id} ${sandbox.id}`, now);
  }

  async #confirmStart(client: CloudClient, id: string | undefined, signal?: AbortSignal): Promise<void> {
    const consequence = await client.startConsequence?.(id, signal);
    if (consequence) await this.#options.confirmStart(consequence);
    signal?.throwIfAborted();
  }

  async #change(
    ref: SandboxRef,
    shown: SandboxStatus,
    act: (client: CloudClient) => Promise<SandboxRef['sandbox']>,
    signal?: AbortSignal,
  ): Promise<SandboxRef> {
    const { list, client } = this.#options;
    const transition = list.showTransition(ref, shown);
    try {
      const changed = { account: ref.account, sandbox: await act(await client(ref.account, signal)) };
      list.put(changed);
      return changed;
    } finally {
      transition.dispose();
      void list.refresh(ref.account.id);
    }
  }
}

function ignoreNotFound(error: unknown): void {
  if (cloudErrorCode(error) !== 'not-found') throw error;
}
