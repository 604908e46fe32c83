import { lock } from 'proper-lockfile';
import { CodedError, describeError, errnoOf } from './errors';

/** - `busy`: another process held the lock for longer than we wait; - `failed`: the lock cannot be taken at all */
export type LockErrorCode = 'busy' | 'failed';

/** Why a lock was not taken; the message names the file. */
export class LockError extends CodedError<LockErrorCode> {}

/** A lock whose holder has not shown life for this long belongs to a dead process. */
const STALE_MS = 10_000;
/** How long to wait for another's lock: twice the time after which a dead holder's is taken over. */
export const LOCK_PATIENCE_MS = 20_000;
/** Pauses that sum up to that. */
const retries = { retries: 90, minTimeout: 20, maxTimeout: 250, factor: 1.3, randomize: true };

/**
 * Runs work while holding a lock that all processes of this computer respect. The lock is a folder of that path,
 * whose parent must exist.
 */
export async function withFileLock<T>(lockPath: string, work: () => Promise<T>): Promise<T> {
  const release = await acquire(lockPath);
  try {
    return await work();
  } finally {
    // A lock lost meanwhile (the computer slept) is not ours to release; the work's outcome stands.
    await release().catch(() => undefined);
  }
}

async function acquire(lockPath: string): Promise<() => Promise<void>> {
  try {
    return await lock(lockPath, {
      lockfilePath: lockPath,
      realpath: false,
      stale: STALE_MS,
      retries,
      // Without a handler a lock that is lost in sleep throws where nobody can catch it.
      onCompromised: () => undefined,
    });
  } catch (cause) {
    if (errnoOf(cause) === 'ELOCKED') {
      throw new LockError('busy', `Another window is still at work (${lockPath}); try again`, { cause });
    }
    throw new LockError(
      'failed',
      `Cannot lock ${lockPath} (${describeError(cause)}); make sure that its folder is writable and try again`,
      { cause },
    );
  }
}
