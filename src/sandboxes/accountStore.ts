import * as v from 'valibot';
import type { Disposable } from '../base/disposable';
import { accountSchema, isLocal, localAccount, type Account } from './account';
import { Emitter } from './emitter';

/** Lasting key-value store without secrets, shared by all windows; VS Code's global `Memento` fits. */
export interface StateStore {
  keys(): readonly string[];
  get(key: string): unknown;
  /** Undefined removes the key. */
  update(key: string, value: unknown): PromiseLike<void>;
}

/** Store of secrets; VS Code's `SecretStorage` fits. */
export interface TokenStore {
  get(key: string): PromiseLike<string | undefined>;
  store(key: string, value: string): PromiseLike<void>;
  delete(key: string): PromiseLike<void>;
}

const accountPrefix = 'account:';
const tokenPrefix = 'token:';
const localCloudDeclinedKey = 'local-cloud-declined';

/** Whether a key of the {@link TokenStore} is that of an account's token: it is shared with others. */
export function isTokenKey(key: string): boolean {
  return key.startsWith(tokenPrefix);
}

/**
 * The accounts that are signed in. Each has keys of its own in both stores, so that windows which sign in at the
 * same time do not lose each other's account.
 */
export class AccountStore implements Disposable {
  readonly #state: StateStore;
  readonly #tokens: TokenStore;
  readonly #changed = new Emitter<undefined>();
  readonly onDidChange = this.#changed.event;

  constructor(state: StateStore, tokens: TokenStore) {
    this.#state = state;
    this.#tokens = tokens;
  }

  /** The local cloud first, then by label. */
  list(): readonly Account[] {
    return this.#state
      .keys()
      .filter((key) => key.startsWith(accountPrefix))
      .map((key) => this.#read(key))
      .filter((account) => account !== undefined)
      .sort((a, b) => Number(isLocal(b)) - Number(isLocal(a)) || compareText(a.label, b.label));
  }

  find(id: string): Account | undefined {
    return this.#read(accountPrefix + id);
  }

  /** Keeps an account, or replaces its token and label. The local cloud has no token to keep. */
  async add(account: Account, token?: string): Promise<void> {
    // The token first: an account that others can see must be usable.
    if (token !== undefined) await this.#tokens.store(tokenPrefix + account.id, token);
    if (isLocal(account)) await this.#state.update(localCloudDeclinedKey, undefined);
    await this.#state.update(accountPrefix + account.id, account);
    this.#changed.fire(undefined);
  }

  /** Whether the local cloud was listed here and the user took it off. */
  isLocalCloudDeclined(): boolean {
    return this.#state.get(localCloudDeclinedKey) === true;
  }

  async remove(id: string): Promise<void> {
    if (id === localAccount.id) await this.#state.update(localCloudDeclinedKey, true);
    await this.#tokens.delete(tokenPrefix + id);
    await this.#state.update(accountPrefix + id, undefined);
    this.#changed.fire(undefined);
  }

  async token(id: string): Promise<string | undefined> {
    return this.#tokens.get(tokenPrefix + id);
  }

  /** Tells listeners to look again: another window may have signed in or out. */
  reload(): void {
    this.#changed.fire(undefined);
  }

  dispose(): void {
    this.#changed.dispose();
  }

  #read(key: string): Account | undefined {
    const parsed = v.safeParse(accountSchema, this.#state.get(key));
    return parsed.success ? parsed.output : undefined;
  }
}

function compareText(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
