import * as v from 'valibot';
import type { StateStore } from './stateStore';

/** Where an account's refusal is kept; whoever stores a new token removes it. */
export function refusalKey(accountId: string): string {
  return `token-refused:${accountId}`;
}

/**
 * How long a window's question keeps others from asking. Longer than a person takes to find a token; once it is over,
 * the window that asked may have been closed with the question open.
 */
const questionLifetimeMs = 10 * 60_000;

/** `until`: the question is open in that window; without it, the question was answered or put away. */
const schema = v.object({ window: v.string(), until: v.optional(v.number()) });

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

  /** Resolves to whether this window is the one to ask; it then must call {@link settle}. */
  async claim(accountId: string): Promise<boolean> {
    let isOurs = false;
    await this.#state.change(refusalKey(accountId), (current) => {
      const known = v.safeParse(schema, current);
      isOurs = !known.success || (known.output.until ?? Infinity) < this.#now();
      return isOurs ? { window: this.#window, until: this.#now() + questionLifetimeMs } : current;
    });
    return isOurs;
  }

  /** Our question is answered or put away; or, where it was not put, `unasked`: the refusal was a passing one. */
  async settle(accountId: string, outcome: 'asked' | 'unasked'): Promise<void> {
    await this.#state.change(refusalKey(accountId), (current) => {
      const known = v.safeParse(schema, current);
      // Gone or another's: there was a new token meanwhile, and what is known now is of that one.
      if (!known.success || known.output.window !== this.#window) return current;
      return outcome === 'asked' ? { window: this.#window } : undefined;
    });
  }
}
