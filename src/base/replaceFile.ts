import * as fs from 'node:fs/promises';
import { delay } from './async';
import { errnoOf } from './errors';

/** What Windows answers while somebody has the file open that is to be replaced, if only to read or to scan it. */
const held: ReadonlySet<string | undefined> = new Set(['EPERM', 'EACCES', 'EBUSY']);
/** Waits between the tries: 2.5 s in all. Other windows and ssh read in an instant, a virus scanner takes its time. */
const WAITS_MS = [10, 20, 40, 80, 160, 320, 320, 500, 500, 550];

export interface ReplaceOptions {
  readonly platform?: NodeJS.Platform;
  readonly rename?: (from: string, to: string) => Promise<void>;
  readonly wait?: (ms: number) => Promise<void>;
}

/** Moves a file to the place of another one. Rejects as rename(2) does; on Windows after a while. */
export async function replaceFile(
  from: string,
  to: string,
  { platform = process.platform, rename = fs.rename, wait = delay }: ReplaceOptions = {},
): Promise<void> {
  for (const waitMs of platform === 'win32' ? WAITS_MS : []) {
    try {
      await rename(from, to);
      return;
    } catch (error) {
      if (!held.has(errnoOf(error))) throw error;
      await wait(waitMs);
    }
  }
  await rename(from, to);
}
