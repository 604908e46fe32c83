/** Where secrets are kept. VS Code's SecretStorage is one; its writes reach other windows with a delay. */
export interface SecretStore {
  get(key: string): PromiseLike<string | undefined>;
  store(key: string, value: string): PromiseLike<void>;
  delete(key: string): PromiseLike<void>;
}
