import * as v from 'valibot';
import { CodedError, printable } from '../base/errors';
import { CloudError } from '../cloud/errors';
import { canonicalBaseUrl } from '../cloud/origin';
import type { AccountInfo } from '../cloud/provider';
import { accountId, accountSchema, localAccount, type Account } from './account';
import type { AccountStore } from './accountStore';
import type { CloudAccess } from './cloudAccess';
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
  const account = accountOf(provider, baseUrl, info);
  await accounts.add(account, token);
  return account;
}

/** Throws a CloudError `protocol` if the cloud names the user in a way that cannot be kept. */
function accountOf(provider: string, baseUrl: string, { user, label }: AccountInfo): Account {
  const account: Account = {
    id: accountId(provider, baseUrl, user),
    provider,
    baseUrl,
    user,
    label: label || user,
  };
  if (v.is(accountSchema, account)) return account;
  throw new CloudError('protocol', 'The cloud gives no usable name of the user; check its address');
}

/** The token is good, but it is another user's than the account's. */
export class SignInError extends CodedError<'other-user'> {}

/**
 * Gives an account a new token. Nothing is kept unless the cloud accepts the token and it is the same user's.
 * Rejects with a {@link SignInError} or a CloudError: `unauthenticated` for the token, `unreachable`, …
 */
export async function renewToken(
  account: Account,
  typed: string,
  access: Pick<CloudAccess, 'identify'>,
  accounts: Pick<AccountStore, 'add'>,
  signal?: AbortSignal,
): Promise<void> {
  const token = typed.trim();
  const info = await access.identify(account.provider, account.baseUrl, token, signal);
  signal?.throwIfAborted();
  if (info.user !== account.user) {
    const message = `This token is ${printable(info.label || info.user, 100)}'s; add the cloud to sign in as another user`;
    throw new SignInError('other-user', message);
  }
  await accounts.add({ ...account, label: info.label || info.user }, token);
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
