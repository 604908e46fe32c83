import { describeErrorChain } from '../base/errors';
import type { Logger } from '../base/logger';

const BASE_MS = 2_000;
const MAX_MS = 5 * 60_000;

interface Trouble {
  readonly cause: string;
  readonly failures: number;
  /** Milliseconds since the epoch. */
  readonly retryAt: number;
}

/** Work that is done again and again. One that fails is tried ever more rarely, and logged once per cause. */
export class Upkeep {
  /** By key; as many as there are keys that were not forgotten. */
  readonly #troubles = new Map<string, Trouble>();
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  /**
   * Does the work unless it failed a short while ago. Undefined: it was not done, or failed. Never rejects. `what`
   * completes "Cannot …".
   */
  async attempt<T>(key: string, what: string, work: () => Promise<T>): Promise<T | undefined> {
    const trouble = this.#troubles.get(key);
    if (trouble && Date.now() < trouble.retryAt) return undefined;
    try {
      const result = await work();
      this.#troubles.delete(key);
      return result;
    } catch (error) {
      const cause = describeErrorChain(error);
      if (cause !== trouble?.cause) this.#log.error(`Cannot ${what}: ${cause}`);
      const failures = (trouble?.failures ?? 0) + 1;
      const waitMs = Math.min(MAX_MS, BASE_MS * 2 ** (failures - 1));
      this.#troubles.set(key, { cause, failures, retryAt: Date.now() + waitMs });
      return undefined;
    }
  }

  /** The work of this key is no more. */
  forget(key: string): void {
    this.#troubles.delete(key);
  }
}
