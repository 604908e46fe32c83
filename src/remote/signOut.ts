import { CodedError, describeError } from '../base/errors';
import { isLocal, type Account } from '../sandboxes/account';
import type { AccountStore } from '../sandboxes/accountStore';
import type { CloudAccess } from '../sandboxes/cloudAccess';
import type { SandboxBook } from './sandboxBook';
import type { SshAccess } from './sshAccess';

/** Something of the account is still on this computer. Its `cause` is an AggregateError. */
export class SignOutError extends CodedError<'incomplete'> {}

export interface SignOutOptions {
  readonly accounts: Pick<AccountStore, 'deleteToken' | 'remove'>;
  readonly access: Pick<CloudAccess, 'forget'>;
  readonly book: Pick<SandboxBook, 'reload' | 'list' | 'ofAccount'>;
  readonly ssh: Pick<SshAccess, 'forget' | 'cleanUp'>;
}

/** What a sign-out took off this computer. */
export interface Removed {
  readonly token: boolean;
  /** Names, untrusted text, of the sandboxes whose keys and SSH entries are gone. */
  readonly sandboxes: readonly string[];
  /** With the last sandbox of all accounts: our SSH files, and our line in the user's configuration. */
  readonly sshConfig: boolean;
}

/**
 * Removes an account's token, and the keys and SSH entries of its sandboxes. What fails keeps nothing else from being
 * removed; the account then stays listed, so that the person can sign out again. Rejects with a {@link SignOutError}.
 */
export async function signOut(account: Account, options: SignOutOptions): Promise<Removed> {
  const { accounts, access, book, ssh } = options;
  access.forget(account.id);
  // Other windows may have opened sandboxes of it.
  await book.reload();
  const known = book.ofAccount(account.id);
  const steps = [
    // The token first: whatever fails afterwards, nobody can use the account any more.
    () => accounts.deleteToken(account.id),
    ...known.map(
      ({ alias }) =>
        () =>
          ssh.forget(alias),
    ),
    () => ssh.cleanUp(),
  ];
  const failures = await failuresOf(steps);
  if (failures.length > 0) throw incomplete(failures);
  await accounts.remove(account.id);
  return {
    token: !isLocal(account),
    sandboxes: known.map(({ name }) => name),
    sshConfig: known.length > 0 && book.list().length === 0,
  };
}

async function failuresOf(steps: readonly (() => Promise<void>)[]): Promise<unknown[]> {
  const failures: unknown[] = [];
  for (const step of steps) await step().catch((error: unknown) => failures.push(error));
  return failures;
}

function incomplete(failures: readonly unknown[]): SignOutError {
  const reasons = [...new Set(failures.map(describeError))].join('; ');
  const cause = new AggregateError(failures, reasons);
  return new SignOutError('incomplete', `Not all could be removed, sign out again: ${reasons}`, { cause });
}
