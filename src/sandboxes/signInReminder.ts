import { DisposableStore, type Disposable } from '../base/disposable';
import { logFailure, type Logger } from '../base/logger';
import { cloudErrorCode } from '../cloud/errors';
import { isLocal, type Account } from './account';
import type { AccountStore } from './accountStore';
import type { AccountSandboxes, SandboxList } from './sandboxList';
import type { TokenRefusals } from './tokenRefusals';

export interface SignInReminderOptions {
  readonly list: Pick<SandboxList, 'accounts' | 'onDidChange' | 'refresh'>;
  readonly accounts: Pick<AccountStore, 'token'>;
  readonly refusals: Pick<TokenRefusals, 'claim' | 'settle'>;
  /** Puts the question; resolves when it is answered or put away. */
  readonly ask: (account: Account) => Promise<void>;
  readonly log: Logger;
}

/** Asks for a new token when a cloud refuses the old one: one window once, whichever sees it first. */
export class SignInReminder implements Disposable {
  readonly #options: SignInReminderOptions;
  readonly #owned = new DisposableStore();
  /** Refusals that were dealt with: the list shows each until its next answer. */
  readonly #seen = new WeakSet<Error>();

  constructor(options: SignInReminderOptions) {
    this.#options = options;
    this.#owned.add(options.list.onDidChange(() => this.#look()));
    this.#look();
  }

  dispose(): void {
    this.#owned.dispose();
  }

  #look(): void {
    const { list, log } = this.#options;
    for (const { account, error } of list.accounts.filter(isRefused)) {
      if (!error || this.#seen.has(error)) continue;
      this.#seen.add(error);
      logFailure(log, 'Cannot ask for a new token', this.#remind(account));
    }
  }

  async #remind(account: Account): Promise<void> {
    const { accounts, list, refusals, ask } = this.#options;
    // Nobody refused a token that is not there: it is on its way here from the window that signs in, or signed out.
    if ((await accounts.token(account.id)) === undefined) return;
    if (!(await refusals.claim(account.id))) return;
    // The refused request may have left before another window got a new token.
    await list.refresh(account.id);
    const refused = list.accounts.some((entry) => entry.account.id === account.id && isRefused(entry));
    if (refused) await ask(account).finally(() => refusals.settle(account.id, 'asked'));
    else await refusals.settle(account.id, 'unasked');
  }
}

/** The local cloud makes its own tokens: there is none to ask for. */
function isRefused({ account, error }: AccountSandboxes): boolean {
  return !isLocal(account) && cloudErrorCode(error) === 'unauthenticated';
}
