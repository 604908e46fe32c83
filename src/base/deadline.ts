import { abortReason } from './async';

/** A signal for one operation: it aborts with the caller's reason, or with an error of ours when time is up. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** Ends the timer and lets go of the caller's signal. */
  dispose(): void;
}

/** AbortSignal.any would do, but on Node 20 it leaks an entry per call on a long-lived signal. */
export function createDeadline(ms: number, timedOut: () => Error, parent?: AbortSignal): Deadline {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(timedOut()), ms);
  const onAbort = (): void => controller.abort(abortReason(parent));
  if (parent?.aborted) onAbort();
  parent?.addEventListener('abort', onAbort, { once: true });
  return {
    signal: controller.signal,
    dispose: () => {
      clearTimeout(timer);
      parent?.removeEventListener('abort', onAbort);
    },
  };
}
