import { cloudErrorCode } from '../cloud/errors';
import type { SandboxStatus } from '../cloud/provider';
import type { AccountSandboxes } from '../sandboxes/sandboxList';
import type { BookEntry } from './sandboxBook';

/** What is known of a sandbox apart from its connections. */
export interface SandboxFacts {
  /** As the cloud said last; undefined if it was not asked. */
  readonly status: SandboxStatus | undefined;
  /** Undefined if the cloud's latest answer, or its silence, does not tell. */
  readonly isSignedIn: boolean | undefined;
}

export function sandboxFacts(
  { accountId, sandboxId }: Pick<BookEntry, 'accountId' | 'sandboxId'>,
  accounts: readonly AccountSandboxes[],
): SandboxFacts {
  const known = accounts.find(({ account }) => account.id === accountId);
  if (!known) return { status: undefined, isSignedIn: false };
  return {
    status: known.sandboxes.find(({ id }) => id === sandboxId)?.status,
    isSignedIn: isSignedIn(known),
  };
}

function isSignedIn({ phase, error }: AccountSandboxes): boolean | undefined {
  if (phase === 'ready') return true;
  return cloudErrorCode(error) === 'unauthenticated' ? false : undefined;
}
