import type { Accounts } from './accounts';
import { FileError, type ByteString } from './remoteFiles';

/** A path with what a shell makes of a tilde at its beginning: relative paths begin in the user's own home. */
export async function expandHome(path: ByteString, accounts: () => Promise<Accounts>): Promise<ByteString> {
  const [, user, rest = ''] = /^~([^/]*)(?:\/+([^]*))?$/.exec(path) ?? [];
  if (user === undefined) return path;
  if (user === '') return rest === '' ? '.' : rest;
  const home = (await accounts()).homes.get(user);
  if (home === undefined) throw new FileError('no-such-file', 'There is no such user');
  return rest === '' ? home : `${home}/${rest}`;
}
