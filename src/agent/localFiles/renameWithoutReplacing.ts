import * as fs from 'node:fs/promises';
import { errnoOf } from '../../base/errors';
import { FileError } from '../../sftp/remoteFiles';

/** Why a hard link cannot be made where a rename may still work: file systems without links, files of others. */
const NO_LINKS = new Set(['EPERM', 'EACCES', 'EOPNOTSUPP', 'ENOTSUP', 'ENOSYS', 'EMLINK']);

/**
 * Renames unless there is something of the new name. rename(2) would replace it, and to look first would leave a
 * moment in which another's file could come to be lost; so the new name is made as a second link, which fails if it is
 * taken, or claimed by an empty file.
 */
export async function renameWithoutReplacing(from: Buffer, to: Buffer): Promise<void> {
  const stat = await fs.lstat(from);
  if (stat.isDirectory()) {
    // rename(2) replaces no folder that has anything in it, and no file by a folder.
    if (await exists(to)) throw taken();
    await fs.rename(from, to);
    return;
  }
  // Of a symbolic link, some systems link what it leads to (POSIX, link(); macOS is one).
  if (stat.isSymbolicLink()) {
    await renameOverClaim(from, to);
    return;
  }
  try {
    await fs.link(from, to);
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') throw taken();
    if (!NO_LINKS.has(errnoOf(error) ?? '')) throw error;
    await renameOverClaim(from, to);
    return;
  }
  await fs.unlink(from);
}

async function renameOverClaim(from: Buffer, to: Buffer): Promise<void> {
  try {
    await (await fs.open(to, 'wx')).close();
  } catch (error) {
    throw errnoOf(error) === 'EEXIST' ? taken() : error;
  }
  try {
    await fs.rename(from, to);
  } catch (error) {
    await fs.unlink(to);
    throw error;
  }
}

async function exists(path: Buffer): Promise<boolean> {
  return fs.lstat(path).then(
    () => true,
    () => false,
  );
}

function taken(): FileError {
  return new FileError('failure', 'File exists');
}
