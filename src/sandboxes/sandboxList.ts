import { DisposableStore, type Disposable } from '../base/disposable';
import { cloudErrorCode } from '../cloud/errors';
import type { Sandbox, SandboxStatus } from '../cloud/provider';
import type { Account } from './account';
import { AccountPoller, type ListPhase, type Pace } from './accountPoller';
import type { AccountStore } from './accountStore';
import { Emitter } from './emitter';
import { isNotRunning } from './localCloud';
import { compareSandboxes } from './order';

/** What is known of one account's sandboxes. The same object as long as that is the same. */
export interface AccountSandboxes {
  readonly account: Account;
  readonly phase: ListPhase;
  /** Why the cloud's list could not be read; {@link sandboxes} is then the last good list. */
  readonly error?: Error;
  /** When that list was read, if one was and the cloud does not answer now. */
  readonly listedAt?: Date;
  /** Those that run first, then by name. */
  readonly sandboxes: readonly Sandbox[];
}

/** A sandbox with the account that holds it. */
export interface SandboxRef {
  readonly account: Account;
  readonly sandbox: Sandbox;
}

interface Description {
  /** All that it was made of. */
  readonly inputs: readonly unknown[];
  readonly entry: AccountSandboxes;
}

/** A complete list as an account's cloud gave it just now. */
export interface SandboxListing {
  readonly account: Account;
  readonly sandboxes: readonly Sandbox[];
}

export interface SandboxListOptions {
  readonly accounts: Pick<AccountStore, 'list' | 'onDidChange'>;
  /** To call `onPage` for each request. */
  readonly listSandboxes: (
    account: Account,
    signal: AbortSignal,
    onPage: () => void,
  ) => Promise<readonly Sandbox[]>;
  /** The least time between two looks at the account's cloud for each page, in milliseconds, where that matters. */
  readonly leastPollMs?: (account: Account) => number | undefined;
}

/** The sandboxes of all accounts, kept fresh while somebody looks. */
export class SandboxList implements Disposable {
  readonly #options: SandboxListOptions;
  readonly #owned = new DisposableStore();
  readonly #changed = this.#owned.add(new Emitter<undefined>());
  readonly #listed = this.#owned.add(new Emitter<SandboxListing>());
  readonly #pollers = new Map<string, AccountPoller>();
  /** Statuses shown in place of the cloud's while an action runs, by account and sandbox. */
  readonly #transitions = new Map<string, { readonly status: SandboxStatus }>();
  readonly #placeholders = new Map<Sandbox, Account>();
  #placeholderCount = 0;
  /** Counts the changes of transitions and placeholders. */
  #overlays = 0;
  readonly #descriptions = new Map<string, Description>();
  #accounts: readonly Account[] = [];
  #pace: Pace = 'paused';

  readonly onDidChange = this.#changed.event;
  /** After each successful look at an account's cloud. */
  readonly onDidList = this.#listed.event;

  constructor(options: SandboxListOptions) {
    this.#options = options;
    this.#owned.add(options.accounts.onDidChange(() => this.#syncAccounts()));
    this.#owned.defer(() => this.#dropPollers(new Set()));
    this.#syncAccounts();
  }

  get accounts(): readonly AccountSandboxes[] {
    return this.#accounts.map((account) => this.#describe(account));
  }

  find(accountId: string, sandboxId: string): SandboxRef | undefined {
    const entry = this.accounts.find(({ account }) => account.id === accountId);
    const sandbox = entry?.sandboxes.find(({ id }) => id === sandboxId);
    return entry && sandbox ? { account: entry.account, sandbox } : undefined;
  }

  /** Whether a placeholder stands for this sandbox: its creation is under way and it has no id yet. */
  isPlaceholder(sandbox: Sandbox): boolean {
    return this.#placeholders.has(sandbox);
  }

  /** How often the clouds are asked from now on. */
  setPace(pace: Pace): void {
    this.#pace = pace;
    for (const poller of this.#pollers.values()) poller.setPace(pace);
  }

  /** Looks at all clouds once, whatever the pace, except where an answer came just now. */
  wake(): void {
    for (const poller of this.#pollers.values()) poller.wake();
  }

  /** Asks one account's cloud, or all, now; resolves when the answers or errors are in. */
  async refresh(accountId?: string): Promise<void> {
    const pollers = accountId === undefined ? [...this.#pollers.values()] : [this.#pollers.get(accountId)];
    await Promise.all(pollers.map(async (poller) => poller?.refresh()));
  }

  /** Shows a status in place of the cloud's until disposed. */
  showTransition(ref: SandboxRef, status: SandboxStatus): Disposable {
    const key = refKey(ref.account.id, ref.sandbox.id);
    const transition = { status };
    this.#transitions.set(key, transition);
    this.#overlaysChanged();
    return {
      dispose: () => {
        // A later action may have put its own in this place.
        if (this.#transitions.get(key) !== transition) return;
        this.#transitions.delete(key);
        this.#overlaysChanged();
      },
    };
  }

  /** Shows a sandbox that is being created until disposed. */
  showPlaceholder(account: Account, name: string): Disposable {
    const id = `creating ${++this.#placeholderCount}`;
    const sandbox: Sandbox = { id, name, status: 'creating' };
    this.#placeholders.set(sandbox, account);
    this.#overlaysChanged();
    return {
      dispose: () => {
        if (this.#placeholders.delete(sandbox)) this.#overlaysChanged();
      },
    };
  }

  /** Takes over what an action returned, ahead of the next poll. */
  put(ref: SandboxRef): void {
    this.#pollers.get(ref.account.id)?.put(ref.sandbox);
  }

  /** Drops a sandbox that is gone, ahead of the next poll. */
  drop(ref: SandboxRef): void {
    this.#pollers.get(ref.account.id)?.drop(ref.sandbox.id);
  }

  dispose(): void {
    this.#owned.dispose();
  }

  #syncAccounts(): void {
    const accounts = this.#options.accounts.list();
    this.#accounts = accounts;
    this.#dropPollers(new Set(accounts.map(({ id }) => id)));
    for (const account of accounts) {
      const known = this.#pollers.get(account.id);
      if (!known) this.#addPoller(account);
      // The change may be new credentials, or no more than a look by a person who came back.
      else if (cloudErrorCode(known.error) === 'unauthenticated') void known.refresh();
      else if (known.phase === 'failed') known.wake();
    }
    this.#changed.fire(undefined);
  }

  #addPoller(account: Account): void {
    const poller = new AccountPoller(
      (signal, onPage) => this.#listSandboxes(account, signal, onPage),
      () => this.#changed.fire(undefined),
      undefined,
      this.#options.leastPollMs?.(account),
    );
    this.#pollers.set(account.id, poller);
    poller.setPace(this.#pace);
  }

  async #listSandboxes(
    account: Account,
    signal: AbortSignal,
    onPage: () => void,
  ): Promise<readonly Sandbox[]> {
    const sandboxes = await this.#options.listSandboxes(account, signal, onPage);
    signal.throwIfAborted();
    this.#listed.fire({ account, sandboxes });
    return sandboxes;
  }

  #dropPollers(keep: ReadonlySet<string>): void {
    for (const [id, poller] of this.#pollers) {
      if (keep.has(id)) continue;
      poller.dispose();
      this.#pollers.delete(id);
      this.#descriptions.delete(id);
    }
  }

  #overlaysChanged(): void {
    this.#overlays++;
    this.#changed.fire(undefined);
  }

  #describe(account: Account): AccountSandboxes {
    const poller = this.#pollers.get(account.id);
    if (!poller) return { account, phase: 'loading', sandboxes: [] };
    const { phase, error, sandboxes, listedAt } = poller;
    const known = this.#descriptions.get(account.id);
    const inputs = [account, phase, error, sandboxes, this.#overlays];
    if (known && inputs.every((input, index) => input === known.inputs[index])) return known.entry;
    const entry = {
      account,
      phase,
      sandboxes: this.#shown(account, poller),
      ...(error && { error }),
      ...(error && listedAt && { listedAt }),
    };
    this.#descriptions.set(account.id, { inputs, entry });
    return entry;
  }

  #shown(account: Account, { error, sandboxes }: AccountPoller): readonly Sandbox[] {
    // What runs nowhere is shown so, whatever the last list said.
    const lastKnown = isNotRunning(error) ? sandboxes.map(asStopped) : sandboxes;
    const placeholders = [...this.#placeholders].filter(([, { id }]) => id === account.id);
    return [
      ...lastKnown.map((sandbox) => this.#withTransition(account, sandbox)),
      ...placeholders.map(([sandbox]) => sandbox),
    ].sort(compareSandboxes);
  }

  #withTransition(account: Account, sandbox: Sandbox): Sandbox {
    if (this.#transitions.size === 0) return sandbox;
    const transition = this.#transitions.get(refKey(account.id, sandbox.id));
    return transition ? { ...sandbox, ...transition } : sandbox;
  }
}

function asStopped(sandbox: Sandbox): Sandbox {
  return { ...sandbox, status: 'stopped' };
}

function refKey(accountId: string, sandboxId: string): string {
  return JSON.stringify([accountId, sandboxId]);
}
