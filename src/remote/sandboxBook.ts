import * as v from 'valibot';
import type { StateStore } from '../sandboxes/stateStore';

/** Which sandbox an alias stands for. */
export interface BookEntry {
  readonly alias: string;
  readonly accountId: string;
  readonly sandboxId: string;
  /** Untrusted text. */
  readonly name: string;
}

/**
 * How long after a person asked for a sandbox its connections may start it, if none gets through before. Long enough
 * for a slow start; short enough that a window left open does not wake, and bill, what was stopped.
 */
const INTENT_LIFETIME_MS = 5 * 60_000;

const sandboxPrefix = 'sandbox:';
const openedPrefix = 'opened:';
const folderPrefix = 'folder:';

const storedEntry = v.object({ accountId: v.string(), sandboxId: v.string(), name: v.string() });

/** What the stored entries come to, made once for each state of the store: the tree looks up every sandbox. */
interface Index {
  readonly revision: number;
  readonly byAlias: ReadonlyMap<string, BookEntry>;
  readonly bySandbox: ReadonlyMap<string, BookEntry>;
}

/**
 * Remembers, for all windows, what each alias stands for, when a person last asked for it, and the folder that was
 * open in it.
 */
export class SandboxBook {
  readonly #state: StateStore;
  readonly #now: () => number;
  #index: Index | undefined;

  constructor(state: StateStore, now: () => number = Date.now) {
    this.#state = state;
    this.#now = now;
  }

  /** Sees what other windows wrote. Rejects as the store does. */
  async reload(): Promise<void> {
    await this.#state.reload();
  }

  find(alias: string): BookEntry | undefined {
    return this.#current().byAlias.get(alias);
  }

  list(): readonly BookEntry[] {
    return [...this.#current().byAlias.values()];
  }

  /** Those of one account. */
  ofAccount(accountId: string): readonly BookEntry[] {
    return this.list().filter((entry) => entry.accountId === accountId);
  }

  /** The alias under which a sandbox is known, whatever it is called now. */
  aliasOf(accountId: string, sandboxId: string): string | undefined {
    return this.#current().bySandbox.get(sandboxKey({ accountId, sandboxId }))?.alias;
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

  /**
   * Notes that a connection, begun at that time (milliseconds since the epoch), has reached the sandbox. The intent
   * that it was opened with has served its purpose: whoever stops the sandbox now wants it stopped.
   */
  async spendIntent(alias: string, connectionSince: number): Promise<void> {
    const at = this.#intentAt(alias);
    if (at !== undefined && at <= connectionSince) await this.clearIntent(alias);
  }

  hasFreshIntent(alias: string): boolean {
    const at = this.#intentAt(alias);
    if (at === undefined) return false;
    const ageMs = this.#now() - at;
    // A clock that was set back must not make an intent last.
    return ageMs >= 0 && ageMs <= INTENT_LIFETIME_MS;
  }

  folder(alias: string): string | undefined {
    const folder = this.#state.get(folderPrefix + alias);
    return typeof folder === 'string' ? folder : undefined;
  }

  async rememberFolder(alias: string, folder: string): Promise<void> {
    if (this.folder(alias) !== folder) await this.#state.update(folderPrefix + alias, folder);
  }

  /** The entry last: while it is there, all that belongs to it can be forgotten again. */
  async forget(alias: string): Promise<void> {
    for (const prefix of [openedPrefix, folderPrefix, sandboxPrefix]) {
      await this.#state.update(prefix + alias, undefined);
    }
  }

  #intentAt(alias: string): number | undefined {
    const at = this.#state.get(openedPrefix + alias);
    return typeof at === 'number' ? at : undefined;
  }

  #current(): Index {
    if (this.#index?.revision !== this.#state.revision) this.#index = createIndex(this.#state);
    return this.#index;
  }
}

function createIndex(state: StateStore): Index {
  const byAlias = new Map<string, BookEntry>();
  const bySandbox = new Map<string, BookEntry>();
  for (const key of state.keys()) {
    if (!key.startsWith(sandboxPrefix)) continue;
    const parsed = v.safeParse(storedEntry, state.get(key));
    if (!parsed.success) continue;
    const entry = { alias: key.slice(sandboxPrefix.length), ...parsed.output };
    byAlias.set(entry.alias, entry);
    if (!bySandbox.has(sandboxKey(entry))) bySandbox.set(sandboxKey(entry), entry);
  }
  return { revision: state.revision, byAlias, bySandbox };
}

function sandboxKey({ accountId, sandboxId }: Pick<BookEntry, 'accountId' | 'sandboxId'>): string {
  return JSON.stringify([accountId, sandboxId]);
}
