import * as v from 'valibot';
import type { StateStore } from '../sandboxes/accountStore';

/** Which sandbox an alias stands for. */
export interface BookEntry {
  readonly alias: string;
  readonly accountId: string;
  readonly sandboxId: string;
  /** Untrusted text. */
  readonly name: string;
}

/**
 * How long after a person asked for a sandbox its connections may start it. Long enough for a slow start and a
 * first Remote-SSH install; short enough that a window left open does not wake, and bill, what was stopped.
 */
const intentLifetimeMs = 5 * 60_000;

const sandboxPrefix = 'sandbox:';
const openedPrefix = 'opened:';
const folderPrefix = 'folder:';

const storedEntry = v.object({ accountId: v.string(), sandboxId: v.string(), name: v.string() });

/**
 * Remembers, for all windows, what each alias stands for, when a person last asked for it, and the folder that was
 * open in it. Each fact has a key of its own, so that windows do not overwrite each other's.
 */
export class SandboxBook {
  readonly #state: StateStore;
  readonly #now: () => number;

  constructor(state: StateStore, now: () => number = Date.now) {
    this.#state = state;
    this.#now = now;
  }

  find(alias: string): BookEntry | undefined {
    const parsed = v.safeParse(storedEntry, this.#state.get(sandboxPrefix + alias));
    return parsed.success ? { alias, ...parsed.output } : undefined;
  }

  list(): readonly BookEntry[] {
    return this.#state
      .keys()
      .filter((key) => key.startsWith(sandboxPrefix))
      .map((key) => this.find(key.slice(sandboxPrefix.length)))
      .filter((entry) => entry !== undefined);
  }

  /** The alias under which a sandbox is known, whatever it is called now. */
  aliasOf(accountId: string, sandboxId: string): string | undefined {
    return this.list().find((entry) => entry.accountId === accountId && entry.sandboxId === sandboxId)?.alias;
  }

  async record({ alias, accountId, sandboxId, name }: BookEntry): Promise<void> {
    await this.#state.update(sandboxPrefix + alias, { accountId, sandboxId, name });
  }

  /** Notes that a person asked for this sandbox just now. */
  async noteIntent(alias: string): Promise<void> {
    await this.#state.update(openedPrefix + alias, this.#now());
  }

  /** Takes the intent back: the person stopped the sandbox. */
  async clearIntent(alias: string): Promise<void> {
    await this.#state.update(openedPrefix + alias, undefined);
  }

  hasFreshIntent(alias: string): boolean {
    const at = this.#state.get(openedPrefix + alias);
    if (typeof at !== 'number') return false;
    const ageMs = this.#now() - at;
    // A clock that was set back must not make an intent last.
    return ageMs >= 0 && ageMs <= intentLifetimeMs;
  }

  folder(alias: string): string | undefined {
    const folder = this.#state.get(folderPrefix + alias);
    return typeof folder === 'string' ? folder : undefined;
  }

  async rememberFolder(alias: string, folder: string): Promise<void> {
    if (this.folder(alias) !== folder) await this.#state.update(folderPrefix + alias, folder);
  }

  async forget(alias: string): Promise<void> {
    for (const prefix of [openedPrefix, folderPrefix, sandboxPrefix]) {
      await this.#state.update(prefix + alias, undefined);
    }
  }
}
