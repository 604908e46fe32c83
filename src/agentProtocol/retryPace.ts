import { abortReason, delay } from '../base/async';
import type { Disposable } from '../base/disposable';
import { AgentLinkError } from './errors';
import { SleepDetector } from './sleepDetector';

const SLEEP_CHECK_MS = 1_000;
/** Longest that the other side is left alone at a time because it asks for it: it may ask for an hour. */
const MAX_ASKED_MS = 60_000;

export interface RetryPaceOptions {
  /** Waits after the first, second … attempt, in milliseconds; the last one repeats. Each is cut by up to half. */
  readonly waitsMs: readonly number[];
  /** No attempt begins later than this after the first. */
  readonly giveUpMs: number;
}

/**
 * When to try again. A computer that has slept gets a fresh start: what was under way is cut short, for it waits on a
 * network that is gone, and the attempts begin anew without a wait.
 */
export class RetryPace implements Disposable {
  readonly #options: RetryPaceOptions;
  readonly #parent: AbortSignal;
  readonly #onAbort = (): void => this.#cut.abort(abortReason(this.#parent));
  readonly #timer: NodeJS.Timeout;
  #cut = new AbortController();
  #startedAt = Date.now();
  #failed = 0;
  #hasSlept = false;

  constructor(options: RetryPaceOptions, parent: AbortSignal) {
    this.#options = options;
    this.#parent = parent;
    parent.addEventListener('abort', this.#onAbort, { once: true });
    if (parent.aborted) this.#onAbort();
    const sleep = new SleepDetector(SLEEP_CHECK_MS);
    this.#timer = setInterval(() => {
      if (sleep.hasSlept()) this.#startOver();
    }, SLEEP_CHECK_MS);
  }

  /** For the attempt that begins now: aborts with the parent, or when the computer has slept. */
  get signal(): AbortSignal {
    return this.#cut.signal;
  }

  /** The number of the attempt that begins now, from 1. */
  get attempt(): number {
    return this.#failed + 1;
  }

  /**
   * After a failed attempt: waits for the next one, by up to a minute longer if the other side asked for that. False if
   * there shall be none. Rejects when the parent aborts.
   */
  async next(askedMs = 0): Promise<boolean> {
    const waitMs = this.#failAndPlan(Math.min(askedMs, MAX_ASKED_MS));
    if (waitMs === undefined) return false;
    try {
      await delay(waitMs, this.#cut.signal);
    } catch (error) {
      if (this.#parent.aborted) throw error;
    }
    this.#reset();
    return true;
  }

  dispose(): void {
    clearInterval(this.#timer);
    this.#parent.removeEventListener('abort', this.#onAbort);
  }

  /** Undefined: give up. */
  #failAndPlan(askedMs: number): number | undefined {
    if (this.#hasSlept) return 0;
    const { waitsMs, giveUpMs } = this.#options;
    const longest = waitsMs[Math.min(this.#failed, waitsMs.length - 1)] ?? 0;
    const waitMs = askedMs + longest * (1 - Math.random() / 2);
    this.#failed++;
    return Date.now() - this.#startedAt + waitMs > giveUpMs ? undefined : waitMs;
  }

  #startOver(): void {
    this.#hasSlept = true;
    this.#cut.abort(new AgentLinkError('carrier-lost', 'This computer was asleep'));
  }

  #reset(): void {
    if (!this.#hasSlept) return;
    this.#hasSlept = false;
    this.#failed = 0;
    this.#startedAt = Date.now();
    this.#cut = new AbortController();
  }
}
