import * as v from 'valibot';
import type { Disposable } from '../base/disposable';
import type { SecretStore } from '../base/secretStore';
import { accountSchema, isLocal, localAccount, type Account } from './account';
import { Emitter } from './emitter';
import type { StateStore } from './stateStore';
import { refusalKey } from './tokenRefusals';

const accountPrefix = 'account:';
const tokenPrefix = 'token:';
const localCloudDeclinedKey = 'local-cloud-declined';

/** Whether a key of the secret store is that of an account's token: it is shared with others. */
export function isTokenKey(key: string): boolean {
  return key.startsWith(tokenPrefix);
}

/** The accounts that are signed in, with their tokens. */
export class AccountStore implements Disposable {
  readonly #state: StateStore;
  readonly #tokens: SecretStore;
  readonly #changed = new Emitter<undefined>();
  readonly onDidChange = this.#changed.event;

  constructor(state: StateStore, tokens: SecretStore) {
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
    await this.#state.update(refusalKey(account.id), undefined);
    this.#changed.fire(undefined);
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
    await this.#state.update(refusalKey(id), undefined);
    await this.#state.update(accountPrefix + id, undefined);
    this.#changed.fire(undefined);
  }

  async token(id: string): Promise<string | undefined> {
    return this.#tokens.get(tokenPrefix + id);
  }

  /** Sees what other windows did, and tells listeners to look again. Rejects as the store does. */
  async reload(): Promise<void> {
    await this.#state.reload();
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
