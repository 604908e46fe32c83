import { watch, type FSWatcher } from 'node:fs';
import type { Disposable } from '../base/disposable';

/**
 * Calls back after entries of a folder changed, and every so often anyway, since file watching is not available
 * everywhere. Does not keep the process alive.
 */
export class FolderWatch implements Disposable {
  readonly #timer: NodeJS.Timeout;
  #watcher: FSWatcher | undefined;

  constructor(dir: string, pollMs: number, onChange: () => void) {
    this.#timer = setInterval(onChange, pollMs);
    this.#timer.unref();
    try {
      this.#watcher = watch(dir, { persistent: false }, onChange);
      // The polling goes on without it.
      this.#watcher.on('error', () => this.#watcher?.close());
    } catch {
      // No watches left, or no such folder: the polling does it.
      this.#watcher = undefined;
    }
  }

  dispose(): void {
    clearInterval(this.#timer);
    this.#watcher?.close();
  }
}
