import { delay } from '../../../src/base/async';
import { ApiError } from './apiErrors';
import type { OpenHandsOptions } from './options';

const WINDOW_MS = 1_000;

/** Refuses what comes too fast, in the way of the edition. */
export class RateLimit {
  #times: number[] = [];

  constructor(private readonly options: OpenHandsOptions) {}

  async check(path: string): Promise<void> {
    const limit = this.options.requestsPerSecond;
    if (limit === undefined) return;
    const now = Date.now();
    this.#times = [...this.#times.filter((time) => time > now - WINDOW_MS), now];
    if (this.#times.length <= limit) return;
    if (this.options.edition !== 'openSource') throw saasRefusal(limit);
    if (path.endsWith('/resume')) return;
    if (this.#times.length > 2 * limit) {
      throw new ApiError(429, { message: 'Too many requests' }, { 'retry-after': '1' });
    }
    // In between, the open-source server makes its clients slower.
    await delay(WINDOW_MS);
  }
}

function saasRefusal(limit: number): ApiError {
  return new ApiError(
    429,
    { error: `Rate limit exceeded: ${limit} per 1 second` },
    {
      'retry-after': '1',
      'x-ratelimit-limit': String(limit),
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': String(Math.ceil(Date.now() / 1_000) + 1),
    },
  );
}
