import type { StateStore } from '../../src/sandboxes/stateStore';

/** A `StateStore` in memory; values pass through JSON as they do in a file. */
export class MemoryState implements StateStore {
  readonly #values = new Map<string, string>();
  revision = 0;

  keys(): readonly string[] {
    return [...this.#values.keys()];
  }

  get(key: string): unknown {
    const value = this.#values.get(key);
    return value === undefined ? undefined : JSON.parse(value);
  }

  update(key: string, value: unknown): Promise<void> {
    if (value === undefined) this.#values.delete(key);
    else this.#values.set(key, JSON.stringify(value));
    this.revision++;
    return Promise.resolve();
  }

  change(key: string, next: (current: unknown) => unknown): Promise<void> {
    return this.update(key, next(this.get(key)));
  }

  reload(): Promise<void> {
    return Promise.resolve();
  }
}
