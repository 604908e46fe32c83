import type { AccountStore } from './accountStore';
import type { CloudAccess } from './cloudAccess';
import { canonicalBaseUrl } from '../cloud/origin';
import { accountId, localAccount, type Account } from './account';
import type { LocalCloud } from './localCloud';

export interface SignInRequest {
  readonly provider: string;
  /** As typed. */
  readonly baseUrl: string;
  readonly token: string;
}

/**
 * Signs in to a cloud. Nothing is kept unless the cloud accepts the token.
 * Rejects with a CloudError: `invalid` for the address, `unauthenticated` for the token, `unreachable`, …
 */
export async function signIn(
  request: SignInRequest,
  access: CloudAccess,
  accounts: AccountStore,
  signal?: AbortSignal,
): Promise<Account> {
  const { provider } = request;
  const baseUrl = canonicalBaseUrl(request.baseUrl);
  const token = request.token.trim();
  const info = await access.identify(provider, baseUrl, token, signal);
  signal?.throwIfAborted();
  const id = accountId(provider, baseUrl, info.user);
  const account: Account = { id, provider, baseUrl, user: info.user, label: info.label || info.user };
  await accounts.add(account, token);
  return account;
}

/** Starts the cloud on this computer and lists it from now on. */
export async function useLocalCloud(
  access: CloudAccess,
  accounts: AccountStore,
  signal?: AbortSignal,
): Promise<Account> {
  await access.endpoint(localAccount, signal);
  await accounts.add(localAccount);
  return localAccount;
}

/**
 * Lists a local cloud that somebody else started, such as `npm start` or another editor, unless the user took it off
 * the list here.
 */
export async function adoptLocalCloud(
  localCloud: Pick<LocalCloud, 'find'>,
  accounts: Pick<AccountStore, 'find' | 'add' | 'isLocalCloudDeclined'>,
): Promise<void> {
  if (accounts.find(localAccount.id) || accounts.isLocalCloudDeclined()) return;
  if (await localCloud.find()) await accounts.add(localAccount);
}
