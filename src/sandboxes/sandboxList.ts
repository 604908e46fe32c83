import { DisposableStore, type Disposable } from '../base/disposable';
import type { Sandbox, SandboxStatus } from '../cloud/provider';
import type { Account } from './account';
import { AccountPoller, type ListPhase } from './accountPoller';
import type { AccountStore } from './accountStore';
import { Emitter } from './emitter';
import { isNotRunning } from './localCloud';

/** What is known of one account's sandboxes. */
export interface AccountSandboxes {
  readonly account: Account;
  readonly phase: ListPhase;
  /** Why the cloud's list could not be read; {@link sandboxes} is then the last good list. */
  readonly error?: Error;
  /** By name. */
  readonly sandboxes: readonly Sandbox[];
}

/** A sandbox with the account that holds it. */
export interface SandboxRef {
  readonly account: Account;
  readonly sandbox: Sandbox;
}

/** A complete list as an account's cloud gave it just now. */
export interface SandboxListing {
  readonly account: Account;
  readonly sandboxes: readonly Sandbox[];
}

export interface SandboxListOptions {
  readonly accounts: Pick<AccountStore, 'list' | 'onDidChange'>;
  readonly listSandboxes: (account: Account, signal: AbortSignal) => Promise<readonly Sandbox[]>;
}

/** The sandboxes of all accounts, kept fresh while somebody looks. */
export class SandboxList implements Disposable {
  readonly #options: SandboxListOptions;
  readonly #owned = new DisposableStore();
  readonly #changed = this.#owned.add(new Emitter<undefined>());
  readonly #listed = this.#owned.add(new Emitter<SandboxListing>());
  readonly #pollers = new Map<string, AccountPoller>();
  /** Statuses shown in place of the cloud's while an action runs, by account and sandbox. */
  readonly #transitions = new Map<string, SandboxStatus>();
  readonly #placeholders = new Set<SandboxRef>();
  #placeholderCount = 0;
  #visible = false;

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
    return this.#options.accounts.list().map((account) => this.#describe(account));
  }

  find(accountId: string, sandboxId: string): SandboxRef | undefined {
    const entry = this.accounts.find(({ account }) => account.id === accountId);
    const sandbox = entry?.sandboxes.find(({ id }) => id === sandboxId);
    return entry && sandbox ? { account: entry.account, sandbox } : undefined;
  }

  /** Whether a placeholder stands for this sandbox: its creation is under way and it has no id yet. */
  isPlaceholder(sandbox: Sandbox): boolean {
    return [...this.#placeholders].some((ref) => ref.sandbox === sandbox);
  }

  /** Polls while visible, pauses otherwise. */
  setVisible(visible: boolean): void {
    this.#visible = visible;
    for (const poller of this.#pollers.values()) poller.setActive(visible);
  }

  /** Asks one account's cloud, or all, now; resolves when the answers or errors are in. */
  async refresh(accountId?: string): Promise<void> {
    const pollers = accountId === undefined ? [...this.#pollers.values()] : [this.#pollers.get(accountId)];
    await Promise.all(pollers.map(async (poller) => poller?.refresh()));
  }

  /** Shows a status in place of the cloud's until disposed. */
  showTransition(ref: SandboxRef, status: SandboxStatus): Disposable {
    const key = refKey(ref.account.id, ref.sandbox.id);
    this.#transitions.set(key, status);
    this.#changed.fire(undefined);
    return {
      dispose: () => {
        if (this.#transitions.delete(key)) this.#changed.fire(undefined);
      },
    };
  }

  /** Shows a sandbox that is being created until disposed. */
  showPlaceholder(account: Account, name: string): Disposable {
    const id = `creating ${++this.#placeholderCount}`;
    const ref: SandboxRef = { account, sandbox: { id, name, status: 'creating' } };
    this.#placeholders.add(ref);
    this.#changed.fire(undefined);
    return {
      dispose: () => {
        if (this.#placeholders.delete(ref)) this.#changed.fire(undefined);
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
    this.#dropPollers(new Set(accounts.map(({ id }) => id)));
    for (const account of accounts) {
      const known = this.#pollers.get(account.id);
      // Known and failed: the change may be new credentials.
      if (known) {
        if (known.phase === 'failed') void known.refresh();
      } else {
        this.#addPoller(account);
      }
    }
    this.#changed.fire(undefined);
  }

  #addPoller(account: Account): void {
    const poller = new AccountPoller(
      (signal) => this.#listSandboxes(account, signal),
      () => this.#changed.fire(undefined),
    );
    this.#pollers.set(account.id, poller);
    poller.setActive(this.#visible);
  }

  async #listSandboxes(account: Account, signal: AbortSignal): Promise<readonly Sandbox[]> {
    const sandboxes = await this.#options.listSandboxes(account, signal);
    signal.throwIfAborted();
    this.#listed.fire({ account, sandboxes });
    return sandboxes;
  }

  #dropPollers(keep: ReadonlySet<string>): void {
    for (const [id, poller] of this.#pollers) {
      if (keep.has(id)) continue;
      poller.dispose();
      this.#pollers.delete(id);
    }
  }

  #describe(account: Account): AccountSandboxes {
    const poller = this.#pollers.get(account.id);
    if (!poller) return { account, phase: 'loading', sandboxes: [] };
    const { phase, error } = poller;
    // What runs nowhere is shown so, whatever the last list said.
    const lastKnown = isNotRunning(error) ? poller.sandboxes.map(asStopped) : poller.sandboxes;
    const placeholders = [...this.#placeholders].filter((ref) => ref.account.id === account.id);
    const sandboxes = [
      ...lastKnown.map((sandbox) => this.#withTransition(account, sandbox)),
      ...placeholders.map((ref) => ref.sandbox),
    ].sort(byName);
    return { account, phase, sandboxes, ...(error && { error }) };
  }

  #withTransition(account: Account, sandbox: Sandbox): Sandbox {
    const status = this.#transitions.get(refKey(account.id, sandbox.id));
    return status ? { ...sandbox, status } : sandbox;
  }
}

function asStopped(sandbox: Sandbox): Sandbox {
  return { ...sandbox, status: 'stopped' };
}

function refKey(accountId: string, sandboxId: string): string {
  return JSON.stringify([accountId, sandboxId]);
}

function byName(a: Sandbox, b: Sandbox): number {
  return a.name.localeCompare(b.name, 'en', { numeric: true }) || a.id.localeCompare(b.id, 'en');
}
