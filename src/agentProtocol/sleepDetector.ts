/** A clock that is this much off between two ticks did not just tick late: the process or the computer stood still. */
const JUMP_MS = 10_000;

/**
 * Tells whether this process stood still between two ticks of a timer: stopped, or with its computer asleep. By the
 * time of day, because a monotonic clock does not count sleep on Linux (clock_gettime(2), CLOCK_MONOTONIC).
 */
export class SleepDetector {
  readonly #intervalMs: number;
  #lastTick = Date.now();

  /** @param intervalMs time between two ticks */
  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  /** To be called at each tick. A clock that was set, in either direction, counts as sleep too. */
  hasSlept(): boolean {
    const now = Date.now();
    const elapsed = now - this.#lastTick;
    this.#lastTick = now;
    return elapsed < 0 || elapsed > this.#intervalMs + JUMP_MS;
  }
}
