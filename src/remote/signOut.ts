import { CodedError, describeError } from '../base/errors';
import type { Account } from '../sandboxes/account';
import type { AccountStore } from '../sandboxes/accountStore';
import type { CloudAccess } from '../sandboxes/cloudAccess';
import type { SandboxBook } from './sandboxBook';
import type { RemovedSetup, SshAccess } from './sshAccess';

/** Something of the account is still on this computer. Its `cause` is an AggregateError. */
export class SignOutError extends CodedError<'incomplete'> {}

export interface SignOutOptions {
  readonly accounts: Pick<AccountStore, 'reload' | 'list' | 'token' | 'deleteToken' | 'remove'>;
  readonly access: Pick<CloudAccess, 'forget'>;
  readonly book: Pick<SandboxBook, 'ofAccount'>;
  readonly ssh: Pick<SshAccess, 'forget' | 'removeAll'>;
}

/** What a sign-out took off this computer. */
export interface Removed extends RemovedSetup {
  readonly token: boolean;
}

/**
 * Removes an account's token, and the keys and SSH entries of its sandboxes; with the last account also what all
 * sandboxes share: our SSH files, and what we changed in the user's files and settings. What fails keeps nothing else
 * from being removed; the account then stays listed, so that the person can sign out again. Rejects with a
 * {@link SignOutError}.
 */
export async function signOut(account: Account, options: SignOutOptions): Promise<Removed> {
  const { accounts, access } = options;
  const failures: unknown[] = [];
  const attempt: Attempt = (work) => work().catch((error: unknown) => void failures.push(error));
  try {
    const hadToken = (await attempt(() => accounts.token(account.id))) !== undefined;
    const setup = await removeSetup(account, options, attempt);
    // Last, right before the account itself: other windows must not take a sign-out for a token that was lost.
    await attempt(() => accounts.deleteToken(account.id));
    if (failures.length > 0) throw incomplete(failures);
    await accounts.remove(account.id);
    return { token: hadToken, ...setup };
  } finally {
    // Until now a look at the cloud could have opened it again.
    access.forget(account.id);
  }
}

/** Resolves to undefined, and notes why, where the work fails. */
type Attempt = <T>(work: () => Promise<T>) => Promise<T | undefined>;

async function removeSetup(
  account: Account,
  { accounts, book, ssh }: SignOutOptions,
  attempt: Attempt,
): Promise<RemovedSetup> {
  // Other windows may have opened sandboxes of it, or signed in to another cloud; whoever cannot tell removes nothing.
  await accounts.reload();
  const known = book.ofAccount(account.id);
  const settings = new Set<string>();
  for (const { alias } of known) {
    const names = await attempt(() => ssh.forget(alias));
    for (const name of names ?? []) settings.add(name);
  }
  const isLast = accounts.list().every(({ id }) => id === account.id);
  const rest = isLast ? await attempt(() => ssh.removeAll()) : undefined;
  return {
    sandboxes: [...known.map(({ name }) => name), ...(rest?.sandboxes ?? [])],
    config: rest?.config ?? { edited: [], isShared: false },
    settings: rest?.settings ?? [],
    settingsWithEntries: [...new Set([...settings, ...(rest?.settingsWithEntries ?? [])])],
  };
}

function incomplete(failures: readonly unknown[]): SignOutError {
  const reasons = [...new Set(failures.map(describeError))].join('; ');
  const cause = new AggregateError(failures, reasons);
  return new SignOutError('incomplete', `Not all could be removed, sign out again: ${reasons}`, { cause });
}
