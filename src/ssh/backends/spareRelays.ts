import { describeErrorChain } from '../../base/errors';
import type { Logger } from '../../base/logger';
import type { RemoteProcess } from '../../cloud/provider';
import { hangUp } from '../hangUp';

/** Kept ready after the first forward; as many again each time that there was none left. */
const MIN_SPARES = 2;
const MAX_SPARES = 8;
/**
 * For forwards that come one by one: another relay is not started before a forward has had its first bytes, which that
 * would hold up.
 */
const REFILL_AFTER_MS = 20;
/** Without a forward for this long, nothing is kept in the sandbox. */
const IDLE_MS = 60_000;

/**
 * Relays that are started ahead and wait for their target: to start one takes many times as long as to connect. The
 * first forward of a connection finds none, so that a connection without forwards has none either.
 */
export class SpareRelays {
  readonly #spares: RemoteProcess[] = [];
  readonly #disposed = new AbortController();
  #wanted = 0;
  #starting = 0;
  #idle: NodeJS.Timeout | undefined;
  #refilling: NodeJS.Timeout | undefined;

  constructor(
    private readonly start: (signal: AbortSignal) => Promise<RemoteProcess>,
    private readonly log: Logger,
  ) {}

  /** One that waits for its target, whose owner is the caller from now on; undefined if there is none. */
  take(): RemoteProcess | undefined {
    if (this.#disposed.signal.aborted) return undefined;
    const spare = this.#spares.shift();
    if (!spare) this.#wanted = Math.min(Math.max(MIN_SPARES, this.#wanted * 2), MAX_SPARES);
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.#release(), IDLE_MS).unref();
    return spare;
  }

  /** Starts as many as are missing, soon. To be called once the forward is open. */
  refill(): void {
    clearTimeout(this.#refilling);
    if (this.#wanted > MIN_SPARES || this.#spares.length === 0) this.#addMissing();
    else this.#refilling = setTimeout(() => this.#addMissing(), REFILL_AFTER_MS).unref();
  }

  dispose(): void {
    this.#disposed.abort();
    clearTimeout(this.#idle);
    clearTimeout(this.#refilling);
    this.#release();
  }

  #addMissing(): void {
    while (this.#spares.length + this.#starting < this.#wanted) void this.#add();
  }

  async #add(): Promise<void> {
    this.#starting++;
    try {
      const spare = await this.start(this.#disposed.signal);
      if (this.#wanted === 0) void hangUp(spare);
      else this.#keep(spare);
    } catch (error) {
      // The next forward starts its own, and says what is wrong if that fails too.
      this.#wanted = 0;
      this.log.debug(`no relay was started ahead: ${describeErrorChain(error)}`);
    } finally {
      this.#starting--;
    }
  }

  #keep(spare: RemoteProcess): void {
    this.#spares.push(spare);
    const forget = (): void => {
      const at = this.#spares.indexOf(spare);
      if (at >= 0) this.#spares.splice(at, 1);
    };
    spare.exited.then(forget, forget);
  }

  #release(): void {
    this.#wanted = 0;
    for (const spare of this.#spares.splice(0)) void hangUp(spare);
  }
}
