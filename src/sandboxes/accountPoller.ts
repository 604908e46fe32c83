import { performance } from 'node:perf_hooks';
import { abortable, backoffMs } from '../base/async';
import { createDeadline } from '../base/deadline';
import type { Disposable } from '../base/disposable';
import { CloudError, cloudErrorCode, retryAfterMs } from '../cloud/errors';
import type { Sandbox, SandboxStatus } from '../cloud/provider';
import { isNotRunning } from './localCloud';
import { keepUnchanged } from './unchanged';

/** Lists all sandboxes of one account. To call `onPage` for each request, where the cloud counts them. */
export type ListSandboxes = (signal: AbortSignal, onPage: () => void) => Promise<readonly Sandbox[]>;

export type ListPhase = 'loading' | 'ready' | 'failed';

/** How often to ask: `full` while a person looks, `slow` while the list can be seen and they work elsewhere. */
export type Pace = 'paused' | 'slow' | 'full';

const INTERVAL_MS = 5_000;
/** While something is starting or stopping, so that its end is seen soon. */
const BUSY_INTERVAL_MS = 1_000;
/** For so long after somebody asked, also while nobody looks at the list: a window's status bar tells of it too. */
const FOLLOW_MS = 60_000;
const SLOW_INTERVAL_MS = 30_000;
const FIRST_BACKOFF_MS = 5_000;
const MAX_BACKOFF_MS = 60_000;
const POLL_TIMEOUT_MS = 30_000;

/** An answer that is younger is as good as a fresh one. */
const JUST_NOW_MS = 1_000;

const paces: readonly Pace[] = ['paused', 'slow', 'full'];

const transitional = new Set<SandboxStatus>(['creating', 'starting', 'stopping']);

/**
 * Keeps one account's list of sandboxes fresh. The last good list stays when the cloud does not answer; the error
 * stands beside it. Paused until {@link setPace}.
 */
export class AccountPoller implements Disposable {
  readonly #list: ListSandboxes;
  readonly #onChange: () => void;
  readonly #now: () => number;
  readonly #leastMs: number;
  readonly #ended = new AbortController();
  #phase: ListPhase = 'loading';
  #error: Error | undefined;
  #sandboxes: readonly Sandbox[] = [];
  #listedAt: Date | undefined;
  #polledAt = -Infinity;
  #askedAt = -Infinity;
  /** Until then the cloud asked to be left alone. */
  #notBefore = -Infinity;
  #failures = 0;
  /** Requests that the last look took. */
  #pages = 0;
  #pace: Pace = 'paused';
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #queued: Promise<void> | undefined;
  /** Counts our own changes: an answer that was asked for before one of them is out of date. */
  #generation = 0;

  /**
   * @param now milliseconds of a clock that is never set
   * @param leastMs between two polls that nobody asked for, for each page of the list, in milliseconds
   */
  constructor(list: ListSandboxes, onChange: () => void, now = () => performance.now(), leastMs = 0) {
    this.#list = list;
    this.#onChange = onChange;
    this.#now = now;
    this.#leastMs = leastMs;
  }

  get phase(): ListPhase {
    return this.#phase;
  }

  /** Why the last poll failed, if it did. */
  get error(): Error | undefined {
    return this.#error;
  }

  /** The last good list. */
  get sandboxes(): readonly Sandbox[] {
    return this.#sandboxes;
  }

  /** When the list was read, if it ever was. */
  get listedAt(): Date | undefined {
    return this.#listedAt;
  }

  /** A faster pace begins with a look at once. */
  setPace(pace: Pace): void {
    if (pace === this.#pace) return;
    const isFaster = paces.indexOf(pace) > paces.indexOf(this.#pace);
    this.#pace = pace;
    if (isFaster) this.wake();
    else if (!this.#running) this.#schedule(this.#waitMs());
  }

  /** Asks the cloud at once unless it was asked just now, or wants to be left alone. */
  wake(): void {
    if (this.#running || this.#ended.signal.aborted) return;
    const waitMs = Math.max(this.#notBefore, this.#polledAt + JUST_NOW_MS) - this.#now();
    if (waitMs <= 0) void this.refresh();
    else this.#schedule(waitMs);
  }

  /** Asks the cloud now. Resolves when an answer asked for after this call is in; a failure is in {@link error}. */
  refresh(): Promise<void> {
    if (this.#ended.signal.aborted) return Promise.resolve();
    this.#askedAt = this.#now();
    if (!this.#running) return this.#run();
    this.#queued ??= this.#running.then(() => {
      this.#queued = undefined;
      return this.#run();
    });
    return this.#queued;
  }

  /** Shows a sandbox as an action returned it, ahead of the next poll. */
  put(sandbox: Sandbox): void {
    this.#generation++;
    this.#sandboxes = [...this.#sandboxes.filter(({ id }) => id !== sandbox.id), sandbox];
    this.#onChange();
  }

  /** Drops a sandbox that is gone, ahead of the next poll. */
  drop(id: string): void {
    this.#generation++;
    this.#sandboxes = this.#sandboxes.filter((sandbox) => sandbox.id !== id);
    this.#onChange();
  }

  dispose(): void {
    this.#ended.abort();
    clearTimeout(this.#timer);
  }

  #run(): Promise<void> {
    clearTimeout(this.#timer);
    this.#running = this.#poll().finally(() => {
      this.#running = undefined;
      this.#polledAt = this.#now();
      this.#schedule(this.#waitMs());
    });
    return this.#running;
  }

  async #poll(): Promise<void> {
    const generation = this.#generation;
    const deadline = createDeadline(POLL_TIMEOUT_MS, timedOut, this.#ended.signal);
    try {
      this.#pages = 0;
      // The editor's secret storage knows no signal, and waits as long as a keyring asks for its password.
      const listing = this.#list(deadline.signal, () => this.#pages++);
      const sandboxes = await abortable(listing, deadline.signal);
      this.#failures = 0;
      this.#phase = 'ready';
      this.#error = undefined;
      this.#notBefore = -Infinity;
      this.#listedAt = new Date();
      if (generation === this.#generation) this.#sandboxes = keepUnchanged(this.#sandboxes, sandboxes);
    } catch (error) {
      // Looking whether the local cloud runs is cheap, and somebody may start it any time.
      this.#failures = isNotRunning(error) ? 0 : this.#failures + 1;
      this.#phase = 'failed';
      this.#error = error instanceof Error ? error : new Error(String(error));
      this.#notBefore = this.#now() + retryAfterMs(error);
    } finally {
      deadline.dispose();
    }
    if (!this.#ended.signal.aborted) this.#onChange();
  }

  #schedule(waitMs: number): void {
    clearTimeout(this.#timer);
    // Wrong credentials do not mend themselves; signing in again refreshes.
    const hopeless = cloudErrorCode(this.#error) === 'unauthenticated';
    if (!this.#goesOn() || this.#ended.signal.aborted || hopeless) return;
    this.#timer = setTimeout(() => {
      if (!this.#running) void this.#run();
    }, waitMs);
    this.#timer.unref();
  }

  #goesOn(): boolean {
    return this.#pace !== 'paused' || (this.#isBusy() && this.#now() - this.#askedAt < FOLLOW_MS);
  }

  #isBusy(): boolean {
    return this.#sandboxes.some(({ status }) => transitional.has(status));
  }

  #waitMs(): number {
    const leastMs = Math.max(
      this.#leastMs * Math.max(1, this.#pages),
      this.#pace === 'slow' ? SLOW_INTERVAL_MS : 0,
    );
    if (this.#failures > 0) {
      const backoff = backoffMs(this.#failures, FIRST_BACKOFF_MS, MAX_BACKOFF_MS - INTERVAL_MS);
      return Math.max(leastMs, retryAfterMs(this.#error), INTERVAL_MS + backoff);
    }
    return Math.max(leastMs, this.#isBusy() ? BUSY_INTERVAL_MS : INTERVAL_MS);
  }
}

function timedOut(): CloudError {
  return new CloudError('unreachable', `The cloud did not answer in ${POLL_TIMEOUT_MS / 1000} s`);
}
