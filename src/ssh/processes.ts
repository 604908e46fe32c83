import { delay } from '../base/async';
import type { RemoteProcess } from '../cloud/provider';

/**
 * How long a process may take to end by itself after its input ended, and again after SIGHUP. Twice this must stay
 * well below the 5 s in which nothing of an ended connection may be left.
 */
const GRACE_MS = 1000;

/** The processes that live in the sandbox for this connection; none outlives it. */
export class ProcessSet {
  readonly #live = new Set<RemoteProcess>();
  readonly #ending = new Map<RemoteProcess, Promise<void>>();

  add(process: RemoteProcess): RemoteProcess {
    this.#live.add(process);
    const remove = (): void => {
      this.#live.delete(process);
    };
    process.exited.then(remove, remove);
    return process;
  }

  get size(): number {
    return this.#live.size;
  }

  /**
   * Ends a process whose client went away and whose output flows off, as gently as a closed terminal does: end of input, then SIGHUP, then
   * SIGKILL. A shell that ends at once leaves its background jobs alone, which is what keeps an editor's server
   * alive over a reconnect; a process that stays is ended with its group.
   */
  hangUp(process: RemoteProcess): Promise<void> {
    const running = this.#ending.get(process);
    if (running) return running;
    const work = endProcess(process).finally(() => this.#ending.delete(process));
    this.#ending.set(process, work);
    return work;
  }

  /** Hangs up all that is left and waits for it. */
  async hangUpAll(): Promise<void> {
    for (const process of this.#live) void this.hangUp(process);
    await Promise.all(this.#ending.values());
  }
}

async function endProcess(process: RemoteProcess): Promise<void> {
  const ended = process.exited.then(
    () => true,
    () => true,
  );
  process.stdin.end();
  const inTime = (): Promise<boolean> => Promise.race([ended, delay(GRACE_MS).then(() => false)]);
  if (await inTime()) return;
  process.signal('HUP');
  if (await inTime()) return;
  process.kill();
}
