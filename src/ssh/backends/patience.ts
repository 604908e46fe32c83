import { backoffMs, delay } from '../../base/async';
import { cloudErrorCode, retryAfterMs } from '../../cloud/errors';

/**
 * What fails for a passing cause is tried again for this long: an error that a moment's patience cures must not end
 * the connection, because the editor takes that for final.
 */
const PATIENCE_MS = 120_000;
const MIN_PAUSE_MS = 250;
const MAX_PAUSE_MS = 10_000;

/** Repeats what fails for a passing cause, with growing pauses; gives up with the last cause. */
export async function withPatience<T>(
  attempt: () => Promise<T>,
  onFailure: (error: unknown) => void,
  signal: AbortSignal,
): Promise<T> {
  let deadline: number | undefined;
  for (let attempts = 0; ; attempts++) {
    try {
      return await attempt();
    } catch (error) {
      signal.throwIfAborted();
      const pause = Math.max(MIN_PAUSE_MS + backoffMs(attempts, 500, MAX_PAUSE_MS), retryAfterMs(error));
      // Counted from the first failure: what works on for minutes, as a start does, uses none of it up.
      deadline ??= performance.now() + PATIENCE_MS;
      if (!isPassing(error) || performance.now() + pause > deadline) throw error;
      onFailure(error);
      await delay(pause, signal);
    }
  }
}

function isPassing(error: unknown): boolean {
  const code = cloudErrorCode(error);
  return code === 'unreachable' || code === 'rate-limited';
}
