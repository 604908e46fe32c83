import * as fs from 'node:fs/promises';
import * as path from 'node:path';

/** The host keys that ssh knows by us. */
export async function knownHosts(sshDir: string): Promise<string> {
  const dir = path.join(sshDir, 'cloud-sandboxes');
  // The file's name has the editor's in it.
  const file = (await fs.readdir(dir)).find((entry) => entry.endsWith('.known_hosts'));
  return fs.readFile(path.join(dir, file ?? 'known_hosts'), 'utf8');
}
