import * as v from 'valibot';
import type { Disposable } from '../base/disposable';
import type { SecretStore } from '../base/secretStore';
import { accountSchema, isLocal, localAccount, type Account } from './account';
import { Emitter } from './emitter';
import type { StateStore } from './stateStore';

const accountPrefix = 'account:';
const tokenPrefix = 'token:';
const localCloudDeclinedKey = 'local-cloud-declined';

/** Where an account is kept in the state, with all that is known of it: it comes and goes in one write. */
export function accountKey(id: string): string {
  return accountPrefix + id;
}

/** Whether a key of the secret store is that of an account's token: it is shared with others. */
export function isTokenKey(key: string): boolean {
  return key.startsWith(tokenPrefix);
}

/** The accounts that are signed in, with their tokens. */
export class AccountStore implements Disposable {
  readonly #state: StateStore;
  readonly #tokens: SecretStore;
  readonly #changed = new Emitter<undefined>();
  /** The accounts, as text, that listeners know of: other windows' come with whatever this one reads or writes. */
  #told: string;
  readonly onDidChange = this.#changed.event;

  constructor(state: StateStore, tokens: SecretStore) {
    this.#state = state;
    this.#tokens = tokens;
    this.#told = JSON.stringify(this.list());
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
    return this.#read(accountKey(id));
  }

  /**
   * Keeps an account, or replaces its token and label; a refusal of the old token is forgotten. The local cloud has no
   * token to keep.
   */
  async add(account: Account, token?: string): Promise<void> {
    if (token !== undefined) await this.#addToken(account, token);
    if (isLocal(account)) await this.#state.update(localCloudDeclinedKey, undefined);
    await this.#state.update(accountKey(account.id), account);
    this.#tell();
  }

  /** Whether the local cloud was listed here and the user took it off. */
  isLocalCloudDeclined(): boolean {
    return this.#state.get(localCloudDeclinedKey) === true;
  }

  /** Makes the account unusable; it stays listed until {@link remove}. */
  async deleteToken(id: string): Promise<void> {
    await this.#tokens.delete(tokenPrefix + id);
  }

  /** The entry last: as long as it is there, the person can sign out again. */
  async remove(id: string): Promise<void> {
    await this.deleteToken(id);
    if (id === localAccount.id) await this.#state.update(localCloudDeclinedKey, true);
    await this.#state.update(accountKey(id), undefined);
    this.#tell();
  }

  async token(id: string): Promise<string | undefined> {
    return this.#tokens.get(tokenPrefix + id);
  }

  /** Sees which accounts other windows added, changed and removed. Rejects as the store does. */
  async reload(): Promise<void> {
    await this.#state.reload();
    if (JSON.stringify(this.list()) !== this.#told) this.#tell();
  }

  /**
   * Like {@link reload}, and tells listeners to look again in any case: an account may have another token, which its
   * entry does not show.
   */
  async recheck(): Promise<void> {
    await this.#state.reload();
    this.#tell();
  }

  dispose(): void {
    this.#changed.dispose();
  }

  /** The account first: a crash leaves one that can be signed in and out, never a token that nobody knows of. */
  async #addToken(account: Account, token: string): Promise<void> {
    const key = accountKey(account.id);
    let isNew = false;
    await this.#state.change(key, (current) => {
      isNew = current === undefined;
      return current ?? account;
    });
    try {
      await this.#tokens.store(tokenPrefix + account.id, token);
    } catch (error) {
      // What the person must hear of is why the token could not be kept.
      await this.#state.change(key, (current) => (isNew ? undefined : current)).catch(() => undefined);
      throw error;
    }
  }

  #tell(): void {
    this.#told = JSON.stringify(this.list());
    this.#changed.fire(undefined);
  }

  #read(key: string): Account | undefined {
    const parsed = v.safeParse(accountSchema, this.#state.get(key));
    return parsed.success ? parsed.output : undefined;
  }
}

function compareText(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
