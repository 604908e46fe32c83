import { backoffMs, delay } from '../base/async';
import { CloudError, type CloudErrorCode } from './errors';

export interface RetryPolicy {
  /** After which errors another try may help, and does no harm. */
  readonly codes: ReadonlySet<CloudErrorCode>;
  /** Tries in all. */
  readonly attempts: number;
  /** First wait, in milliseconds, before jitter; doubles each time. */
  readonly baseMs: number;
  /** Longest wait between two tries, also of one that the cloud asks for. */
  readonly maxMs: number;
  /** No try begins later than this after the first. */
  readonly budgetMs: number;
}

/** For a request that may be sent twice. */
export const defaultRetry: RetryPolicy = {
  codes: new Set<CloudErrorCode>(['unreachable', 'rate-limited']),
  attempts: 3,
  baseMs: 250,
  maxMs: 5_000,
  budgetMs: 15_000,
};

/** For a request that must not be done twice: again only if the cloud says that it did not look at it. */
export const retryOfUnseen: RetryPolicy = {
  ...defaultRetry,
  codes: new Set<CloudErrorCode>(['rate-limited']),
};

/** Runs a request until it succeeds, fails for good or the policy ends it. */
export async function withRetry<T>(
  attempt: (index: number) => Promise<T>,
  policy: RetryPolicy = defaultRetry,
  signal?: AbortSignal,
): Promise<T> {
  const start = performance.now();
  for (let index = 0; ; index++) {
    try {
      return await attempt(index);
    } catch (error) {
      const waitMs = waitBefore(error, index, policy);
      const spentMs = performance.now() - start;
      const exhausted =
        index + 1 >= policy.attempts || waitMs === undefined || spentMs + waitMs > policy.budgetMs;
      if (exhausted) throw error;
      await delay(waitMs, signal);
    }
  }
}

/** How long to wait before the next try; undefined when another try cannot help or the cloud wants too long a wait. */
function waitBefore(error: unknown, index: number, policy: RetryPolicy): number | undefined {
  if (!(error instanceof CloudError) || !policy.codes.has(error.code)) return undefined;
  const jittered = backoffMs(index, policy.baseMs, policy.maxMs);
  const asked = error.retryAfterMs ?? 0;
  return asked > policy.maxMs ? undefined : asked + jittered;
}
