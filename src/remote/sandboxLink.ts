/** Links that open a sandbox: `<scheme>://<extension>/open?cloud=…&sandbox=…`. They never carry a secret. */
import { CodedError, printable } from '../base/errors';
import { canonicalBaseUrl } from '../cloud/origin';
import { isLocal, type Account } from '../sandboxes/account';
import type { SandboxRef } from '../sandboxes/sandboxList';
import { isFolderPath } from './folder';
import type { TargetWindow } from './openFlow';

/** The link is not one that we made or documented. */
export class LinkError extends CodedError<'invalid'> {}

export interface SandboxLink {
  /** Canonical base URL, or `local`. */
  readonly cloud: string;
  readonly sandboxId: string;
  /** Whose account is meant, where there are several; who opens the link may be somebody else. */
  readonly user?: string;
  /** Absolute path. */
  readonly folder?: string;
  readonly window?: TargetWindow;
}

const localCloud = 'local';
const openPath = '/open';
const parameters = new Set(['cloud', 'sandbox', 'user', 'folder', 'window']);
const MAX_LENGTH = 4096;

/**
 * Reads a link as the editor hands it over. Throws a {@link LinkError} for anything but what is documented: a link
 * comes from anywhere, and one with more in it may carry what should not be in a link.
 */
export function parseSandboxLink({ path, query }: { path: string; query: string }): SandboxLink {
  if (path !== openPath) throw invalid(`it is for ${printable(path, 40) || 'nothing'}, not for ${openPath}`);
  if (query.length > MAX_LENGTH) throw invalid('it is too long');
  const given = [...new URLSearchParams(query)];
  for (const [name] of given) {
    if (!parameters.has(name)) {
      throw invalid(`“${printable(name, 40)}” has no place in it; links never carry tokens or other secrets`);
    }
  }
  const values = new Map(given);
  if (values.size < given.length) throw invalid('it says something twice');
  const user = values.get('user');
  const folder = folderOf(values.get('folder'));
  const window = windowOf(values.get('window'));
  return {
    cloud: cloudOf(values.get('cloud')),
    sandboxId: required(values.get('sandbox'), 'sandbox'),
    ...(user && { user }),
    ...(folder && { folder }),
    ...(window && { window }),
  };
}

/**
 * The link to a sandbox, for this editor. Values are encoded twice: the editor decodes a link before it hands it over,
 * so that one layer alone would not keep an "&" in a value apart from those between them.
 */
export function sandboxLink(
  { account, sandbox }: SandboxRef,
  uriScheme: string,
  extensionId: string,
): string {
  const values = isLocal(account)
    ? { cloud: localCloud, sandbox: sandbox.id }
    : { cloud: account.baseUrl, user: account.user, sandbox: sandbox.id };
  const query = Object.entries(values).map(
    ([name, value]) => `${name}=${encodeURIComponent(encodeURIComponent(value))}`,
  );
  return `${uriScheme}://${extensionId}${openPath}?${query.join('&')}`;
}

/** The accounts that a link can mean: those of its cloud, of its user if that one is signed in here too. */
export function accountsOf(link: SandboxLink, accounts: readonly Account[]): readonly Account[] {
  if (link.cloud === localCloud) return accounts.filter(isLocal);
  const ofCloud = accounts.filter((account) => !isLocal(account) && account.baseUrl === link.cloud);
  const ofUser = ofCloud.filter(({ user }) => user === link.user);
  return ofUser.length > 0 ? ofUser : ofCloud;
}

export function isLocalLink(link: SandboxLink): boolean {
  return link.cloud === localCloud;
}

function cloudOf(text: string | undefined): string {
  const cloud = required(text, 'cloud');
  if (cloud === localCloud) return cloud;
  try {
    return canonicalBaseUrl(cloud);
  } catch (cause) {
    throw new LinkError('invalid', 'This link cannot be used: it does not name the address of a cloud', {
      cause,
    });
  }
}

function folderOf(text: string | undefined): string | undefined {
  if (text === undefined || isFolderPath(text)) return text;
  throw invalid('its folder is not an absolute path');
}

function windowOf(text: string | undefined): TargetWindow | undefined {
  if (text === undefined || text === 'this' || text === 'new') return text;
  throw invalid('its window is neither “this” nor “new”');
}

function required(text: string | undefined, name: string): string {
  if (text) return text;
  throw invalid(`it does not say which ${name}`);
}

function invalid(why: string): LinkError {
  return new LinkError('invalid', `This link cannot be used: ${why}`);
}
