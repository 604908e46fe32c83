import type { CloudClient, Sandbox } from '../cloud/provider';
import { listAll } from '../cloud/listAll';

/** The sandbox to open: one that runs if there is any, else any; created if there is none. */
export async function findOrCreateSandbox(client: CloudClient, onCreate: () => void): Promise<Sandbox> {
  const sandboxes = await listAll(client);
  const usable = sandboxes.filter(({ status }) => status !== 'failed');
  const found = usable.find(({ status }) => status === 'running') ?? usable[0];
  if (found) return found;
  onCreate();
  return client.create({});
}
