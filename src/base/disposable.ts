/** Something that holds a resource until it is disposed. Disposing twice is harmless. */
export interface Disposable {
  dispose(): void;
}

/**
 * Owns disposables and ends them together, last added first. What is added after disposal is disposed at once,
 * which closes the leak of a resource that arrives while its owner is ending.
 */
export class DisposableStore implements Disposable {
  #owned: Disposable[] = [];
  #disposed = false;

  get isDisposed(): boolean {
    return this.#disposed;
  }

  add<T extends Disposable>(disposable: T): T {
    if (this.#disposed) disposable.dispose();
    else this.#owned.push(disposable);
    return disposable;
  }

  /** Adds a function to call on disposal. */
  defer(dispose: () => void): void {
    this.add({ dispose });
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const disposable of this.#owned.splice(0).reverse()) disposable.dispose();
  }
}
