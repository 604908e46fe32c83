import type { Disposable } from '../base/disposable';

/** Registers a listener; disposing the result removes it. Fits `vscode.Event`. */
export type Event<T> = (listener: (value: T) => unknown) => Disposable;

/** The sending half of an {@link Event}. */
export class Emitter<T> implements Disposable {
  readonly #listeners = new Set<(value: T) => unknown>();

  readonly event: Event<T> = (listener) => {
    // Wrapped, so that one function registered twice is two listeners.
    const own = (value: T): unknown => listener(value);
    this.#listeners.add(own);
    return { dispose: () => void this.#listeners.delete(own) };
  };

  fire(value: T): void {
    for (const listener of [...this.#listeners]) listener(value);
  }

  dispose(): void {
    this.#listeners.clear();
  }
}
