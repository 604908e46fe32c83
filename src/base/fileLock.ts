import { lock } from 'proper-lockfile';
import { delay } from './async';
import { CodedError, describeError, errnoOf } from './errors';

/**
 * - `busy`: another process held the lock for longer than we wait
 * - `gone`: the lock's folder is not there, or not any more
 * - `failed`: the lock cannot be taken at all
 */
export type LockErrorCode = 'busy' | 'gone' | 'failed';

/** Why a lock was not taken; the message names the file. */
export class LockError extends CodedError<LockErrorCode> {}

/** A lock whose holder has not shown life for this long belongs to a dead process. */
const STALE_MS = 10_000;
/** How long to wait for another's lock: twice the time after which a dead holder's is taken over. */
export const LOCK_PATIENCE_MS = 20_000;
/** Between two attempts, in milliseconds; each is longer than the last, and at random up to twice as long. */
const PAUSE = { first: 20, factor: 1.3, longest: 250 };

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
  const deadline = Date.now() + LOCK_PATIENCE_MS;
  for (let pauseMs = PAUSE.first; ; pauseMs = Math.min(pauseMs * PAUSE.factor, PAUSE.longest)) {
    try {
      return await tryLock(lockPath);
    } catch (cause) {
      if (!mayPass(cause) || Date.now() >= deadline) throw lockError(lockPath, cause);
    }
    await delay(pauseMs * (1 + Math.random()));
  }
}

/** While another releases a lock, Windows gives other errors than that it is held; a folder does not come back. */
function mayPass(cause: unknown): boolean {
  const errno = errnoOf(cause);
  return errno === 'ELOCKED' || (process.platform === 'win32' && errno !== 'ENOENT');
}

function tryLock(lockPath: string): Promise<() => Promise<void>> {
  return lock(lockPath, {
    lockfilePath: lockPath,
    realpath: false,
    stale: STALE_MS,
    // Without a handler a lock that is lost in sleep throws where nobody can catch it.
    onCompromised: () => undefined,
  });
}

function lockError(lockPath: string, cause: unknown): LockError {
  const errno = errnoOf(cause);
  if (errno === 'ELOCKED') {
    return new LockError('busy', `Another window is still at work (${lockPath}); try again`, { cause });
  }
  return new LockError(
    errno === 'ENOENT' ? 'gone' : 'failed',
    `Cannot lock ${lockPath} (${describeError(cause)}); make sure that its folder is writable and try again`,
    { cause },
  );
}
