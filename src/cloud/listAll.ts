import { CloudError } from './errors';
import type { CloudClient, Sandbox } from './provider';

const MAX_PAGES = 200;
const MAX_SANDBOXES = 10_000;

/**
 * All sandboxes of an account, each once. Ends also at a server that gives the same page tokens again and again;
 * rejects as `protocol` at one that never comes to an end.
 * @param onPage is called for each request
 */
export async function listAll(
  client: Pick<CloudClient, 'listPage'>,
  signal?: AbortSignal,
  onPage: () => void = () => undefined,
): Promise<Sandbox[]> {
  const byId = new Map<string, Sandbox>();
  const seenTokens = new Set<string>();
  let token: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    onPage();
    const { sandboxes, next } = await client.listPage(token, signal);
    for (const sandbox of sandboxes) byId.set(sandbox.id, sandbox);
    if (next === undefined || seenTokens.has(next)) return [...byId.values()];
    if (byId.size > MAX_SANDBOXES) break;
    seenTokens.add(next);
    token = next;
  }
  throw new CloudError('protocol', `The cloud's list of sandboxes has no end (${byId.size} and more)`);
}
