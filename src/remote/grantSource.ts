import type { BackendChoice, GrantAnswer } from '../broker/protocol';
import { cloudErrorCode } from '../cloud/errors';
import type { Endpoint } from '../cloud/provider';
import type { SandboxKeys } from '../keys/keyPair';
import type { Account } from '../sandboxes/account';
import type { AccountStore } from '../sandboxes/accountStore';
import type { CloudAccess } from '../sandboxes/cloudAccess';
import { isNotRunning } from '../sandboxes/localCloud';
import type { SandboxBook } from './sandboxBook';

export interface GrantSourceOptions {
  readonly book: Pick<SandboxBook, 'reload' | 'find' | 'hasFreshIntent'>;
  readonly accounts: Pick<AccountStore, 'find'>;
  readonly access: Pick<CloudAccess, 'endpoint' | 'findEndpoint'>;
  /** The sandbox's keys, if it was provisioned; ssh takes the host's from then on. */
  readonly keys: (alias: string) => Promise<SandboxKeys | undefined>;
  /** What the user has set. */
  readonly backend: () => BackendChoice;
}

/** Answers connections that ask for the grant of an alias. */
export class GrantSource {
  readonly #options: GrantSourceOptions;

  constructor(options: GrantSourceOptions) {
    this.#options = options;
  }

  async answer(alias: string, signal?: AbortSignal): Promise<GrantAnswer> {
    const { book, accounts, keys, backend } = this.#options;
    // The sandbox may have been opened, or stopped, in another window.
    await book.reload();
    const entry = book.find(alias);
    if (!entry) return unknownAlias(alias);
    const account = accounts.find(entry.accountId);
    if (!account) return signedOut(alias);
    const pair = await keys(alias);
    if (!pair) return unknownAlias(alias);
    const mayStart = book.hasFreshIntent(alias);
    try {
      const endpoint = await this.#endpoint(account, mayStart, signal);
      const grant = {
        alias,
        sandbox: { id: entry.sandboxId, name: entry.name },
        endpoint,
        hostKey: pair.host.privateKey,
        userKey: pair.user.privateKey,
        mayStart,
        backend: backend(),
      };
      return { ok: true, grant };
    } catch (error) {
      if (cloudErrorCode(error) === 'unauthenticated') return signedOut(alias);
      if (isNotRunning(error)) return notRunning(alias);
      throw error;
    }
  }

  /** The local cloud is like a sandbox: it is not started for a window that was left open. */
  #endpoint(account: Account, mayStart: boolean, signal?: AbortSignal): Promise<Endpoint> {
    const { access } = this.#options;
    return mayStart ? access.endpoint(account, signal) : access.findEndpoint(account, signal);
  }
}

function unknownAlias(alias: string): GrantAnswer {
  const message = `${alias} is not a sandbox of this editor; open it from the Cloud Sandboxes view`;
  return { ok: false, reason: 'unknown-alias', message };
}

function signedOut(alias: string): GrantAnswer {
  const message = `The account of ${alias} is signed out; add the cloud again in the Cloud Sandboxes view`;
  return { ok: false, reason: 'signed-out', message };
}

function notRunning(alias: string): GrantAnswer {
  const message = `The local cloud of ${alias} is not running; open the sandbox from the Cloud Sandboxes view`;
  return { ok: false, reason: 'not-running', message };
}
