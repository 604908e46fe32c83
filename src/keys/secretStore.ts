import type { SecretStore } from '../base/secretStore';

/** Secrets of this process alone, gone when it ends. */
export class MemorySecretStore implements SecretStore {
  readonly #secrets = new Map<string, string>();

  get(key: string): Promise<string | undefined> {
    return Promise.resolve(this.#secrets.get(key));
  }

  store(key: string, value: string): Promise<void> {
    this.#secrets.set(key, value);
    return Promise.resolve();
  }

  delete(key: string): Promise<void> {
    this.#secrets.delete(key);
    return Promise.resolve();
  }
}
