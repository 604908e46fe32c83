/** Lasting values without secrets, shared by all windows of one editor. */
export interface StateStore {
  /** Another number whenever values may have changed. */
  readonly revision: number;
  keys(): readonly string[];
  /** The value as this window last saw it. */
  get(key: string): unknown;
  /** Undefined removes the key. */
  update(key: string, value: unknown): Promise<void>;
  /** Sets the key to what is made of its latest value, whichever window wrote that; no other write comes between. */
  change(key: string, next: (current: unknown) => unknown): Promise<void>;
  /** Sees what other windows changed. */
  reload(): Promise<void>;
}
