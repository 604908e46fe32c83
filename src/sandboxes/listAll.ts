import { CloudError } from '../cloud/errors';
import type { CloudClient, Sandbox } from '../cloud/provider';

const maxPages = 100;

/** All pages of a cloud's list, each sandbox once. A cloud that never ends its list is refused as `protocol`. */
export async function listAll(
  client: Pick<CloudClient, 'listPage'>,
  signal?: AbortSignal,
): Promise<Sandbox[]> {
  const found = new Map<string, Sandbox>();
  const seenTokens = new Set<string>();
  let token: string | undefined;
  do {
    const page = await client.listPage(token, signal);
    for (const sandbox of page.sandboxes) found.set(sandbox.id, sandbox);
    token = page.next;
    if (token === undefined) return [...found.values()];
    if (seenTokens.has(token)) break;
    seenTokens.add(token);
  } while (seenTokens.size < maxPages);
  throw new CloudError('protocol', `The cloud's list of sandboxes does not end (${seenTokens.size} pages)`);
}
