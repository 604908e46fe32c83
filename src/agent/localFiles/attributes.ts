import type { Stats } from 'node:fs';
import type { Attributes } from '../../sftp/remoteFiles';

/** SFTP version 3 has 32 bits for a time, without a sign. */
const MAX_UINT32 = 0xffff_ffff;

export function attributesOf({ size, uid, gid, mode, atimeMs, mtimeMs }: Stats): Attributes {
  return {
    size,
    owner: { uid, gid },
    mode,
    times: { accessed: secondsOf(atimeMs), modified: secondsOf(mtimeMs) },
  };
}

function secondsOf(ms: number): number {
  return Math.min(Math.max(Math.floor(ms / 1000), 0), MAX_UINT32);
}

/** What changes a file's attributes: by path, by descriptor or of a link itself. */
export interface Changer {
  truncate(size: number): Promise<void>;
  chmod(mode: number): Promise<void>;
  utimes(accessed: number, modified: number): Promise<void>;
  chown(uid: number, gid: number): Promise<void>;
}

/** In the order of OpenSSH's server: a change of owner comes last, since it may take away the right to the others. */
export async function change(target: Changer, { size, mode, times, owner }: Attributes): Promise<void> {
  if (size !== undefined) await target.truncate(size);
  if (mode !== undefined) await target.chmod(mode & 0o7777);
  if (times) await target.utimes(times.accessed, times.modified);
  if (owner) await target.chown(owner.uid, owner.gid);
}
