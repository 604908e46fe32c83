import { backoffMs } from '../base/async';
import { createDeadline } from '../base/deadline';
import type { Disposable } from '../base/disposable';
import { CloudError, cloudErrorCode } from '../cloud/errors';
import type { Sandbox, SandboxStatus } from '../cloud/provider';
import { isNotRunning } from './localCloud';

/** Lists all sandboxes of one account. */
export type ListSandboxes = (signal: AbortSignal) => Promise<readonly Sandbox[]>;

export type ListPhase = 'loading' | 'ready' | 'failed';

const intervalMs = 5_000;
/** While something is starting or stopping, so that its end is seen soon. */
const busyIntervalMs = 1_000;
const firstBackoffMs = 5_000;
const maxBackoffMs = 60_000;
const pollTimeoutMs = 30_000;

const transitional = new Set<SandboxStatus>(['creating', 'starting', 'stopping']);

/**
 * Keeps one account's list of sandboxes fresh. The last good list stays when the cloud does not answer; the error
 * stands beside it. Polls only while active.
 */
export class AccountPoller implements Disposable {
  readonly #list: ListSandboxes;
  readonly #onChange: () => void;
  readonly #ended = new AbortController();
  #phase: ListPhase = 'loading';
  #error: Error | undefined;
  #sandboxes: readonly Sandbox[] = [];
  #failures = 0;
  #active = false;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #queued: Promise<void> | undefined;
  /** Counts our own changes: an answer that was asked for before one of them is out of date. */
  #generation = 0;

  constructor(list: ListSandboxes, onChange: () => void) {
    this.#list = list;
    this.#onChange = onChange;
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

  /** Polls from now on, at once first; or pauses. */
  setActive(active: boolean): void {
    if (active === this.#active) return;
    this.#active = active;
    if (active) void this.refresh();
    else clearTimeout(this.#timer);
  }

  /** Asks the cloud now. Resolves when an answer asked for after this call is in; a failure is in {@link error}. */
  refresh(): Promise<void> {
    if (this.#ended.signal.aborted) return Promise.resolve();
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
      this.#schedule();
    });
    return this.#running;
  }

  async #poll(): Promise<void> {
    const generation = this.#generation;
    const deadline = createDeadline(pollTimeoutMs, timedOut, this.#ended.signal);
    try {
      const sandboxes = await this.#list(deadline.signal);
      this.#failures = 0;
      this.#phase = 'ready';
      this.#error = undefined;
      if (generation === this.#generation) this.#sandboxes = sandboxes;
    } catch (error) {
      // Looking whether the local cloud runs is cheap, and somebody may start it any time.
      this.#failures = isNotRunning(error) ? 0 : this.#failures + 1;
      this.#phase = 'failed';
      this.#error = error instanceof Error ? error : new Error(String(error));
    } finally {
      deadline.dispose();
    }
    if (!this.#ended.signal.aborted) this.#onChange();
  }

  #schedule(): void {
    // Wrong credentials do not mend themselves; signing in again refreshes.
    const hopeless = cloudErrorCode(this.#error) === 'unauthenticated';
    if (!this.#active || this.#ended.signal.aborted || hopeless) return;
    this.#timer = setTimeout(() => void this.refresh(), this.#waitMs());
    this.#timer.unref();
  }

  #waitMs(): number {
    if (this.#failures === 0) {
      const busy = this.#sandboxes.some(({ status }) => transitional.has(status));
      return busy ? busyIntervalMs : intervalMs;
    }
    const asked = this.#error instanceof CloudError ? (this.#error.retryAfterMs ?? 0) : 0;
    return Math.max(asked, intervalMs + backoffMs(this.#failures, firstBackoffMs, maxBackoffMs - intervalMs));
  }
}

function timedOut(): CloudError {
  return new CloudError('unreachable', `The cloud did not answer in ${pollTimeoutMs / 1000} s`);
}
