import * as fs from 'node:fs/promises';
import { readIfExists, writeFileAtomic } from '../base/files';

/**
 * Brings a file of ours to a content and a mode, and says whether it had to change. One that is right is not
 * written, so that watchers and backups stay quiet; a wrong mode is repaired, since ssh refuses all of its
 * configuration if one included file is writable by others.
 */
export async function updateOwnFile(
  file: string,
  content: string,
  mode: number,
  platform = process.platform,
): Promise<boolean> {
  const current = await readIfExists(file);
  if (current?.equals(Buffer.from(content)) && (await isSafe(file, mode, platform))) return false;
  // A link here is not ours: replace it rather than what it points to.
  if (current && (await fs.lstat(file)).isSymbolicLink()) await fs.rm(file);
  await writeFileAtomic(file, content, { mode });
  return true;
}

async function isSafe(file: string, mode: number, platform: NodeJS.Platform): Promise<boolean> {
  // Modes say nothing there; the access list is that of the user's profile.
  if (platform === 'win32') return true;
  const stat = await fs.lstat(file);
  return stat.isFile() && (stat.mode & 0o7777) === mode && stat.uid === process.getuid?.();
}
