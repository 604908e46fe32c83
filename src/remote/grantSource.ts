import { cloudErrorCode } from '../cloud/errors';
import type { GrantAnswer } from '../broker/protocol';
import type { SandboxKeys } from '../keys/keyPair';
import type { AccountStore } from '../sandboxes/accountStore';
import type { CloudAccess } from '../sandboxes/cloudAccess';
import type { SandboxBook } from './sandboxBook';

export interface GrantSourceOptions {
  readonly book: Pick<SandboxBook, 'find' | 'hasFreshIntent'>;
  readonly accounts: Pick<AccountStore, 'find'>;
  readonly access: Pick<CloudAccess, 'endpoint'>;
  /** The sandbox's keys, if it was provisioned. */
  readonly keys: (alias: string) => Promise<SandboxKeys | undefined>;
}

/** Answers connections that ask for the grant of an alias. */
export class GrantSource {
  readonly #options: GrantSourceOptions;

  constructor(options: GrantSourceOptions) {
    this.#options = options;
  }

  async answer(alias: string, signal?: AbortSignal): Promise<GrantAnswer> {
    const { book, accounts, access, keys } = this.#options;
    const entry = book.find(alias);
    if (!entry) return unknownAlias(alias);
    const account = accounts.find(entry.accountId);
    if (!account) return signedOut(alias);
    const pair = await keys(alias);
    if (!pair) return unknownAlias(alias);
    try {
      const endpoint = await access.endpoint(account, signal);
      const grant = {
        alias,
        sandbox: { id: entry.sandboxId, name: entry.name },
        endpoint,
        hostKey: pair.host.privateKey,
        userKey: pair.user.privateKey,
        mayStart: book.hasFreshIntent(alias),
      };
      return { ok: true, grant };
    } catch (error) {
      if (cloudErrorCode(error) === 'unauthenticated') return signedOut(alias);
      throw error;
    }
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
