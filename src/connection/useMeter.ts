import { performance } from 'node:perf_hooks';
import type { Disposable } from '../base/disposable';
import { describeErrorChain } from '../base/errors';
import type { Logger } from '../base/logger';

const MINUTE_MS = 60_000;
/**
 * More than that goes through in a minute, in both directions together, if somebody works. Measured with VS Code 1.139:
 * half a minute of typing takes 35 KiB and more, and a command in its terminal 10 KiB and more. A window that nobody
 * touches sends a keep-alive of 13 bytes each 5 s on each of its two connections (`KeepAliveSendTime` in VS Code's
 * src/vs/base/parts/ipc/common/ipc.net.ts), and ssh its ServerAlive: with all headers 4 to 8 KiB.
 */
const BYTES_OF_WORK = 24 * 1024;
/** For so long after its last use a sandbox is kept awake. */
const RECENT_MS = 5 * MINUTE_MS;
/** Clouds pause a sandbox after 20 minutes without use, or later. */
const KEEP_ALIVE_INTERVAL_MS = 5 * MINUTE_MS;

export interface UseMeterOptions {
  /** How many bytes went through the connection so far. */
  readonly bytes: () => number;
  /** Tells the cloud that the sandbox is in use; undefined where the cloud sees that by itself. */
  readonly keepAlive: (() => Promise<void>) | undefined;
  readonly log: Logger;
  /** Milliseconds of a clock that is never set. */
  readonly now?: () => number;
}

/**
 * Keeps the sandbox awake while its connection is really used, and not otherwise: a window that was left open must let
 * the cloud pause it.
 */
export class UseMeter implements Disposable {
  readonly #options: UseMeterOptions;
  readonly #now: () => number;
  readonly #timer: NodeJS.Timeout | undefined;
  #usedAt = -Infinity;
  #keptAliveAt = -Infinity;
  #bytes = 0;

  constructor(options: UseMeterOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    if (options.keepAlive) this.#timer = setInterval(() => this.#look(), MINUTE_MS).unref();
  }

  /** Somebody typed. */
  note(): void {
    this.#usedAt = this.#now();
  }

  dispose(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const now = this.#now();
    const bytes = this.#options.bytes();
    if (bytes - this.#bytes > BYTES_OF_WORK) this.#usedAt = now;
    this.#bytes = bytes;
    const isDue = now - this.#keptAliveAt >= KEEP_ALIVE_INTERVAL_MS;
    if (now - this.#usedAt > RECENT_MS || !isDue) return;
    this.#keptAliveAt = now;
    this.#options.keepAlive?.().catch((error: unknown) => {
      // The next look tells it again: who comes back to a sandbox that is soon paused has no five minutes.
      this.#keptAliveAt = -Infinity;
      this.#options.log.warn(
        `The cloud cannot be told that the sandbox is in use: ${describeErrorChain(error)}`,
      );
    });
  }
}
