import { chownSync } from 'node:fs';

/** The user and group "nobody" of Debian. */
export const NOBODY = 65_534;

/** Works as a user who may not do everything: root becomes another one meanwhile, to whom the folder is given. */
export async function asOrdinaryUser(folder: string, work: () => Promise<void>): Promise<void> {
  if (process.geteuid?.() !== 0) return work();
  const groups = process.getgroups?.() ?? [];
  chownSync(folder, NOBODY, NOBODY);
  process.setgroups?.([NOBODY]);
  process.setegid?.(NOBODY);
  process.seteuid?.(NOBODY);
  try {
    await work();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
    process.setgroups?.(groups);
  }
}
