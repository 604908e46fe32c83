import * as v from 'valibot';
import { accountSchema } from './account';
import { accountKey } from './accountStore';
import type { StateStore } from './stateStore';

/**
 * How long a window's question keeps others from asking. Longer than a person takes to find a token; once it is over,
 * the window that asked may have been closed with the question open.
 */
const QUESTION_LIFETIME_MS = 10 * 60_000;

/** `until`: the question is open in that window; without it, the question was answered or put away. */
const refusal = v.object({ window: v.string(), until: v.optional(v.number()) });

/** Part of the account's entry, so that it goes with the account, and with whoever stores a new token. */
const entry = v.looseObject({
  ...accountSchema.entries,
  refusal: v.fallback(v.optional(refusal), undefined),
});

/**
 * Accounts whose cloud refuses the token, told between windows, so that one of them asks for a new token, once: nobody
 * asks again until there is another token.
 */
export class TokenRefusals {
  readonly #state: StateStore;
  readonly #window: string;
  readonly #now: () => number;

  /** The window is named by something no other window is. */
  constructor(state: StateStore, window: string, now: () => number = Date.now) {
    this.#state = state;
    this.#window = window;
    this.#now = now;
  }

  /**
   * Resolves to whether this window is the one to ask; it then must call {@link settle}. Nobody is once the account has
   * been signed out.
   */
  async claim(accountId: string): Promise<boolean> {
    let isOurs = false;
    await this.#state.change(accountKey(accountId), (current) => {
      const known = v.safeParse(entry, current);
      if (!known.success || !this.#isOpen(known.output.refusal)) return current;
      isOurs = true;
      return {
        ...known.output,
        refusal: { window: this.#window, until: this.#now() + QUESTION_LIFETIME_MS },
      };
    });
    return isOurs;
  }

  /** Our question is answered or put away; or, where it was not put, `unasked`: the refusal was a passing one. */
  async settle(accountId: string, outcome: 'asked' | 'unasked'): Promise<void> {
    await this.#state.change(accountKey(accountId), (current) => {
      const known = v.safeParse(entry, current);
      // Gone or another's: there was a new token meanwhile, and what is known now is of that one.
      if (!known.success || known.output.refusal?.window !== this.#window) return current;
      return { ...known.output, refusal: outcome === 'asked' ? { window: this.#window } : undefined };
    });
  }

  /** Whether no window has asked, or the one that did is gone. */
  #isOpen(known: v.InferOutput<typeof refusal> | undefined): boolean {
    if (!known) return true;
    if (known.until === undefined) return false;
    const leftMs = known.until - this.#now();
    // A clock that was set back must not make a question last.
    return leftMs < 0 || leftMs > QUESTION_LIFETIME_MS;
  }
}
