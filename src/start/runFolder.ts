import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import type { Disposable } from '../base/disposable';
import { rmSync } from 'node:fs';
import { ensurePrivateDir } from '../base/files';
import { isAlive } from '../base/processes';

const PREFIX = 'run-';

/** A private folder for one run: its SSH config, known_hosts and broker. Removed when disposed. */
export interface RunFolder extends Disposable {
  readonly path: string;
}

/** Creates the folder of this run and removes what runs that were killed have left. */
export async function createRunFolder(base: string): Promise<RunFolder> {
  await ensurePrivateDir(base);
  await sweep(base);
  const folder = path.join(base, `${PREFIX}${process.pid}`);
  await fs.rm(folder, { recursive: true, force: true });
  await fs.mkdir(folder, { mode: 0o700 });
  return { path: folder, dispose: () => rmSync(folder, { recursive: true, force: true }) };
}

async function sweep(base: string): Promise<void> {
  for (const name of await fs.readdir(base)) {
    const pid = Number(name.slice(PREFIX.length));
    if (!name.startsWith(PREFIX) || !Number.isInteger(pid) || isAlive(pid)) continue;
    await fs.rm(path.join(base, name), { recursive: true, force: true });
  }
}
