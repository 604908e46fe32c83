import * as v from 'valibot';

/** One sign-in to one cloud. Its token is kept apart, in the secret store. */
export interface Account {
  /** Made by {@link accountId}. */
  readonly id: string;
  /** Kind of the provider that drives this cloud. */
  readonly provider: string;
  /** Without a trailing slash. */
  readonly baseUrl: string;
  /** Who is signed in, as the cloud names them. */
  readonly user: string;
  /** How to show who is signed in; untrusted text. */
  readonly label: string;
}

/**
 * The account of the cloud on this computer. Its server picks a port each time it starts, so its base URL here only
 * identifies it (a name that never resolves, RFC 6761 section 6.4); the real one is asked for at each use.
 */
export const localAccount: Account = {
  id: 'local',
  provider: 'boxlite',
  baseUrl: 'http://local-cloud.invalid',
  user: 'local',
  label: 'This computer',
};

export function isLocal(account: Account): boolean {
  return account.id === localAccount.id;
}

/** Two accounts are the same when kind, address (with port and path) and user are. */
export function accountId(provider: string, baseUrl: string, user: string): string {
  return `${provider} ${baseUrl} ${user}`;
}

/** Where the account's cloud is, for people: host, port unless it is the usual one, and path. */
export function accountHost(account: Account): string {
  if (isLocal(account)) return 'local cloud';
  return account.baseUrl.replace(/^https?:\/\//, '');
}

const MAX_TEXT_LENGTH = 2048;
const text = v.pipe(v.string(), v.nonEmpty(), v.maxLength(MAX_TEXT_LENGTH));

/** Shape of a stored account; anything else that is found in the store is ignored. */
export const accountSchema = v.object({ id: text, provider: text, baseUrl: text, user: text, label: text });
