import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { CodedError, describeError, errnoOf } from './errors';
import { replaceFile } from './replaceFile';

export type FileErrorCode = 'unreadable' | 'unwritable' | 'unsafe';

/** A file or folder that we need and cannot use. The message names it and says why. */
export class FileError extends CodedError<FileErrorCode> {}

/** The file's bytes, or undefined if there is none. Any other read error is reported, never taken for "empty". */
export async function readIfExists(file: string): Promise<Buffer | undefined> {
  try {
    return await fs.readFile(file);
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return undefined;
    throw new FileError('unreadable', `Cannot read ${file}: ${describeError(cause)}`, { cause });
  }
}

export interface WriteOptions {
  /** Permission bits of the new file; 0600 unless told. */
  readonly mode?: number;
}

/**
 * Replaces a file's content in one step: readers see the old bytes or the new ones, never a part. A symlink is
 * followed, so that the link stays and its target is replaced.
 */
export async function writeFileAtomic(
  file: string,
  content: string | Uint8Array,
  options: WriteOptions = {},
): Promise<void> {
  try {
    const target = await resolveLink(file);
    const temporary = `${target}.${randomBytes(6).toString('hex')}.tmp`;
    try {
      const handle = await fs.open(temporary, 'wx', options.mode ?? 0o600);
      try {
        await handle.writeFile(content);
        // open() is subject to the umask; the caller's mode is not.
        await handle.chmod(options.mode ?? 0o600);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await replaceFile(temporary, target);
    } catch (error) {
      await fs.rm(temporary, { force: true });
      throw error;
    }
  } catch (cause) {
    throw new FileError('unwritable', `Cannot write ${file}: ${describeError(cause)}`, { cause });
  }
}

/** Creates a folder that only this user can enter, or checks that an existing one is so. */
export async function ensurePrivateDir(dir: string, platform = process.platform): Promise<void> {
  try {
    await makeDir(dir);
  } catch (cause) {
    throw new FileError('unwritable', `Cannot create ${dir}: ${describeError(cause)}`, { cause });
  }
  // Windows folders inherit the profile's access list, which is private already.
  if (platform === 'win32') return;
  const stat = await fs.lstat(dir);
  const owner = process.getuid?.();
  if (!stat.isDirectory() || (owner !== undefined && stat.uid !== owner)) {
    throw new FileError('unsafe', `${dir} is not a folder of yours; remove it and try again`);
  }
  if ((stat.mode & 0o077) !== 0) await fs.chmod(dir, 0o700);
}

/**
 * Removes a folder with all that is in it, if it is there; also what its owner has protected from that, such as Go's
 * module cache (https://go.dev/ref/mod#module-cache).
 */
export async function removeTree(dir: string): Promise<void> {
  const remove = (): Promise<void> => fs.rm(dir, { recursive: true, force: true });
  try {
    await remove();
  } catch (error) {
    if (!['EACCES', 'EPERM'].includes(errnoOf(error) ?? '')) throw error;
    await unprotect(dir);
    await remove();
  }
}

/** Gives the owner back all rights to the folders of a tree. */
async function unprotect(dir: string): Promise<void> {
  if (!(await fs.lstat(dir)).isDirectory()) return;
  await fs.chmod(dir, 0o700);
  for (const name of await fs.readdir(dir)) await unprotect(path.join(dir, name));
}

/** Node's own recursive mkdir() never returns where the system denies that a folder can be made, as in /proc. */
async function makeDir(dir: string): Promise<void> {
  try {
    await fs.mkdir(dir, { mode: 0o700 });
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return;
    const parent = path.dirname(dir);
    if (errnoOf(error) !== 'ENOENT' || parent === dir) throw error;
    if (!(await isThere(parent))) await makeDir(parent);
    // Where the parent was there already it may have come this moment, by another's hand: one more try tells.
    await fs.mkdir(dir, { mode: 0o700 }).catch((again: unknown) => {
      if (errnoOf(again) !== 'EEXIST') throw again;
    });
  }
}

async function isThere(place: string): Promise<boolean> {
  return (await fs.stat(place).catch(() => undefined)) !== undefined;
}

async function resolveLink(file: string): Promise<string> {
  try {
    return await fs.realpath(file);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    return path.join(await fs.realpath(path.dirname(file)), path.basename(file));
  }
}
