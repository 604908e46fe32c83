import * as v from 'valibot';
import type { StateStore } from '../sandboxes/stateStore';

/** What a window keeps for itself, also when it is loaded again; such as VS Code's `workspaceState`. */
export interface WindowMemory {
  get(key: string): unknown;
  update(key: string, value: unknown): PromiseLike<void>;
}

/**
 * How long a window may take from being asked for until it runs us. Long enough for a slow computer; short enough that
 * a window which never came is not taken for one that somebody opens elsewhere later.
 */
const OPENING_MS = 60_000;
/** Far more than a person opens in that time. */
const MAX_EXPECTED = 16;

const expectedKey = 'expected-windows';
const aliasKey = 'sandbox-alias';
/** Kept where the window turned out to be of no sandbox, so that it is not asked again when it is loaded again. */
const none = '';

const expectedWindows = v.array(v.object({ alias: v.string(), at: v.number() }));
type ExpectedWindow = v.InferOutput<typeof expectedWindows>[number];

/**
 * Windows that are open in a sandbox without a folder. The stable API tells such a window that it is remote, but not
 * where (`env.remoteAuthority` is a proposal), so whoever opens one leaves word for it. That word is for one window
 * only, and is taken only where no other can be meant: no sandbox is better than another's.
 */
export class EmptyWindows {
  readonly #state: StateStore;
  readonly #now: () => number;

  constructor(state: StateStore, now: () => number = Date.now) {
    this.#state = state;
    this.#now = now;
  }

  /** Leaves word for the window that is about to be opened there. Rejects as the store does. */
  async expect(alias: string): Promise<void> {
    await this.#state.change(expectedKey, (current) =>
      [...this.#recent(current), { alias, at: this.#now() }].slice(-MAX_EXPECTED),
    );
  }

  /**
   * The alias of the sandbox that a window without a folder is open in; undefined if that cannot be told. The answer
   * stays the same for as long as the window has that memory. Rejects as the store does.
   */
  async identify(memory: WindowMemory): Promise<string | undefined> {
    const known = memory.get(aliasKey);
    if (typeof known === 'string') return known === none ? undefined : known;
    const alias = await this.#take();
    await memory.update(aliasKey, alias ?? none);
    return alias;
  }

  /** Keeps what the window has found out otherwise. */
  async remember(memory: WindowMemory, alias: string): Promise<void> {
    await memory.update(aliasKey, alias);
  }

  async #take(): Promise<string | undefined> {
    let alias: string | undefined;
    await this.#state.change(expectedKey, (current) => {
      const expected = this.#recent(current);
      const [first, ...others] = expected;
      // Windows that were asked for at once start in any order.
      const isPlain = first !== undefined && others.every((other) => other.alias === first.alias);
      alias = isPlain ? first.alias : undefined;
      const left = isPlain ? others : expected;
      return left.length > 0 ? left : undefined;
    });
    return alias;
  }

  #recent(stored: unknown): readonly ExpectedWindow[] {
    const parsed = v.safeParse(expectedWindows, stored);
    if (!parsed.success) return [];
    const ageMs = ({ at }: ExpectedWindow): number => this.#now() - at;
    // One from the future was left before a clock was set back.
    return parsed.output.filter((window) => ageMs(window) >= 0 && ageMs(window) <= OPENING_MS);
  }
}
