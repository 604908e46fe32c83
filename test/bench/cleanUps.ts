/** What must be undone at the end, the last first, whatever the end is. */
export class CleanUps {
  readonly #pending: (() => unknown)[] = [];
  #done: Promise<void> | undefined;

  add(cleanUp: () => unknown): void {
    this.#pending.push(cleanUp);
  }

  get isRunning(): boolean {
    return this.#done !== undefined;
  }

  /** Any number of callers may want the end; it comes once, and nothing that fails keeps the rest from it. */
  run(): Promise<void> {
    this.#done ??= this.#runAll();
    return this.#done;
  }

  async #runAll(): Promise<void> {
    for (let next = this.#pending.pop(); next; next = this.#pending.pop()) {
      try {
        await next();
      } catch (error) {
        process.stderr.write(`bench: something is left behind: ${String(error)}\n`);
      }
    }
  }
}
