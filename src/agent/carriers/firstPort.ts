import { describeError } from '../../base/errors';
import type { Disposable } from '../../base/disposable';
import { logFailure, type Logger } from '../../base/logger';

const RETRY_MS = 500;

export interface FirstPortOptions {
  /** The best first. */
  readonly ports: readonly number[];
  /** Rejects if the port cannot be had. */
  readonly listen: (port: number) => Promise<Disposable>;
  /** Told of the port: at first, if only that there is none yet, and when there is one at last. */
  readonly onListening: (ports: readonly number[]) => Promise<void>;
  readonly log: Logger;
}

/**
 * Listens on the first of some ports that can be had; the others are left to whom they may be meant for. While it has
 * none it tries again: an older agent that was told to end may have them until it does.
 */
export class FirstPort implements Disposable {
  readonly #options: FirstPortOptions;
  #listener: Disposable | undefined;
  #timer: NodeJS.Timeout | undefined;
  #trying: Promise<void> = Promise.resolve();
  #isOver = false;

  private constructor(options: FirstPortOptions) {
    this.#options = options;
  }

  /** Resolves after the first try. Rejects as `onListening` does. */
  static async open(options: FirstPortOptions): Promise<FirstPort> {
    const { onListening, log } = options;
    const opened = new FirstPort(options);
    try {
      await opened.#try((port, error) => log.warn(`port ${port} cannot be had: ${describeError(error)}`));
      if (!opened.#listener) await onListening([]);
      return opened;
    } catch (error) {
      opened.dispose();
      throw error;
    }
  }

  /** Closes the port, or tries no more; resolves when nobody is being told any more. */
  async end(): Promise<void> {
    this.dispose();
    await this.#trying;
  }

  dispose(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#listener?.dispose();
  }

  async #try(onFailure: (port: number, error: unknown) => void): Promise<void> {
    const { ports, listen, onListening, log } = this.#options;
    for (const port of ports) {
      try {
        this.#listener = await listen(port);
      } catch (error) {
        onFailure(port, error);
        continue;
      }
      log.info(`listens on port ${port}`);
      if (this.#isOver) this.#listener.dispose();
      else await onListening([port]);
      return;
    }
    if (ports.length > 0 && !this.#isOver) this.#tryLater();
  }

  #tryLater(): void {
    const { log } = this.#options;
    this.#timer = setTimeout(() => {
      const trying = this.#try(() => undefined);
      logFailure(log, 'others are not told of the port', trying);
      this.#trying = trying.catch(() => undefined);
    }, RETRY_MS);
  }
}
