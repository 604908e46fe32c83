import type { CloudErrorCode } from '../errors';
import { CloudError, cloudErrorCode } from '../errors';
import { printable } from '../../base/errors';
import type { AccountInfo } from '../provider';
import { parseAnswer } from '../validate';
import type { OpenHandsApi } from './api';
import { keySchema, sandboxPageSchema, userSchema } from './schemas';

/**
 * What a server says that does not have the route: app servers of one's own answer 404, or the page of their user
 * interface in place of JSON.
 */
const missingRoute: ReadonlySet<CloudErrorCode | undefined> = new Set([
  'not-found',
  'unsupported',
  'protocol',
]);

/** Who the API key belongs to. A server that does not know users has one, who is anonymous. */
export async function whoAmI(api: OpenHandsApi, signal?: AbortSignal): Promise<AccountInfo> {
  const key = await ifThere(async () =>
    parseAnswer(keySchema, await get(api, '/api/keys/current', signal), 'key'),
  );
  const me = await ifThere(async () =>
    parseAnswer(userSchema, await get(api, '/api/v1/users/me', signal), 'user'),
  );
  const user = key?.user_id ?? me?.id;
  if (!user) return anonymous(api, signal);
  // A key that is bound to an organization sees other sandboxes than the user's other keys.
  const identity = key?.bound_org_id ? `${user}@${key.bound_org_id}` : user;
  return { user: identity, label: printable(me?.email?.trim() ? me.email : user, 200) };
}

async function anonymous(api: OpenHandsApi, signal?: AbortSignal): Promise<AccountInfo> {
  try {
    parseAnswer(sandboxPageSchema, await get(api, '/api/v1/sandboxes/search', signal), 'list of sandboxes');
  } catch (cause) {
    if (!missingRoute.has(cloudErrorCode(cause))) throw cause;
    throw new CloudError('protocol', 'There is no OpenHands API at this address; check it', { cause });
  }
  return { user: 'anonymous', label: 'OpenHands' };
}

function get(api: OpenHandsApi, path: string, signal: AbortSignal | undefined): Promise<unknown> {
  return api.request({ what: 'sign in', method: 'GET', path, signal });
}

async function ifThere<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (missingRoute.has(cloudErrorCode(error))) return undefined;
    throw error;
  }
}
