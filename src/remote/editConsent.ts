import type { StateStore } from '../sandboxes/stateStore';

const prefix = 'may-edit:';

/** Remembers which SSH configuration files the person lets us edit. */
export class EditConsent {
  readonly #state: StateStore;

  constructor(state: StateStore) {
    this.#state = state;
  }

  /** Those of the files, absolute paths, that the person was not asked about or did not allow. */
  missing(files: readonly string[]): readonly string[] {
    return files.filter((file) => this.#state.get(prefix + file) !== true);
  }

  async give(files: readonly string[]): Promise<void> {
    for (const file of files) await this.#state.update(prefix + file, true);
  }

  /** Takes all back: the files are as they were before us. */
  async withdraw(): Promise<void> {
    const given = this.#state.keys().filter((key) => key.startsWith(prefix));
    for (const key of given) await this.#state.update(key, undefined);
  }
}
