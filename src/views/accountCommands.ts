import * as vscode from 'vscode';
import { printable } from '../base/errors';
import type { Logger } from '../base/logger';
import type { SignIn } from '../cloud/provider';
import type { SandboxBook } from '../remote/sandboxBook';
import { signOut } from '../remote/signOut';
import type { SshAccess } from '../remote/sshAccess';
import { accountHost, isLocal, type Account } from '../sandboxes/account';
import type { AccountStore } from '../sandboxes/accountStore';
import type { CloudAccess } from '../sandboxes/cloudAccess';
import type { SandboxList } from '../sandboxes/sandboxList';
import { renewToken, signIn, useLocalCloud } from '../sandboxes/signIn';
import { offerClouds, pickAccount } from './accountPick';
import { removedText } from './accountTexts';
import { addCloud, askNewToken, type CloudKind } from './addCloud';
import type { TokenByDevice } from './credentials';
import { commandStep, offerSteps, showDone, showError, withProgress } from './feedback';
import { viewId } from './ids';
import type { CommandTarget } from './sandboxTree';
import { messageText, nameText } from './text';

export interface AccountCommandsOptions {
  readonly accounts: AccountStore;
  readonly access: CloudAccess;
  readonly list: SandboxList;
  readonly book: SandboxBook;
  readonly kinds: readonly CloudKind[];
  readonly ssh: Pick<SshAccess, 'forget' | 'removeAll'>;
  readonly log: Logger;
}

/** The commands that sign in to clouds and out of them. */
export class AccountCommands {
  readonly #options: AccountCommandsOptions;

  constructor(options: AccountCommandsOptions) {
    this.#options = options;
  }

  /** @param baseUrl of the cloud, if it is known */
  async addCloud(baseUrl?: string): Promise<void> {
    const { access, accounts, kinds, log } = this.#options;
    /** Once one was typed, that. */
    let address = baseUrl;
    try {
      const account = await addCloud({
        kinds,
        ...(baseUrl !== undefined && { baseUrl }),
        byDevice: (request, signal) => {
          address = request.baseUrl;
          return this.#tokenByDevice(request, signal);
        },
        signIn: (request, signal) => {
          address = request.baseUrl;
          return signIn(request, access, accounts, signal);
        },
      });
      if (account) await this.#show(account);
    } catch (error) {
      // Whatever the error: the next try asks for the address and the secret again.
      const again = { title: vscode.l10n.t('Retry'), run: () => this.addCloud(address) };
      await showError(vscode.l10n.t('Cannot add the cloud'), error, log, { steps: [again] });
    }
  }

  async useLocalCloud(): Promise<void> {
    const { access, accounts, log } = this.#options;
    try {
      const account = await withProgress(vscode.l10n.t('Starting the local cloud'), ({ signal }) =>
        useLocalCloud(access, accounts, signal),
      );
      await this.#show(account);
    } catch (error) {
      const retry = (): Promise<void> => this.useLocalCloud();
      await showError(vscode.l10n.t('Cannot start the local cloud'), error, log, { retry });
    }
  }

  /** Gives an account a new token; the local cloud, which makes its own, is started. */
  async signIn(target?: CommandTarget): Promise<void> {
    const { access, accounts, log } = this.#options;
    const account = await this.#choose(target, vscode.l10n.t('Sign in again to which cloud?'));
    if (!account) return;
    if (isLocal(account)) return this.useLocalCloud();
    const host = printable(accountHost(account), 100);
    try {
      const token = await askNewToken(account, this.#methodsOf(account), this.#tokenByDevice);
      if (token === undefined) return;
      await withProgress(vscode.l10n.t('Signing in to {0}', host), ({ signal }) =>
        renewToken(account, token, access, accounts, signal),
      );
      await this.#show(account);
    } catch (error) {
      const retry = (): Promise<void> => this.signIn({ kind: 'account', account });
      await showError(vscode.l10n.t('Still signed out of {0}', host), error, log, { account, retry });
    }
  }

  /** Says that the account's token is refused and offers what can be done. Resolves when it is done or put away. */
  async askToSignIn(account: Account): Promise<void> {
    const { accounts, log } = this.#options;
    const host = printable(accountHost(account), 100);
    const message = vscode.l10n.t(
      '{0} refuses the token of {1}: it is wrong or has expired.',
      host,
      nameText(account.label),
    );
    const alreadySignedOut = vscode.l10n.t('You have signed out of {0} meanwhile.', host);
    const target: CommandTarget = { kind: 'account', account };
    const steps = [
      commandStep(vscode.l10n.t('Sign In Again'), 'signIn', target),
      commandStep(vscode.l10n.t('Sign Out'), 'signOut', target),
    ];
    // The editor cannot take a message back: this one may be answered when the account has been signed out elsewhere.
    const stillThere = steps.map(({ title, run }) => ({
      title,
      run: () => (accounts.find(account.id) ? run() : showDone(alreadySignedOut, log)),
    }));
    await offerSteps(vscode.window.showWarningMessage, messageText(message), stillThere);
  }

  /** Reads what other windows wrote. */
  async reload(): Promise<void> {
    const { accounts, log } = this.#options;
    try {
      await accounts.recheck();
    } catch (error) {
      await showError(vscode.l10n.t('Cannot read the list of clouds'), error, log);
    }
  }

  async signOut(target?: CommandTarget): Promise<void> {
    const { log } = this.#options;
    const account = await this.#choose(target, vscode.l10n.t('Sign out of which cloud?'));
    if (!account) return;
    const host = printable(accountHost(account), 100);
    try {
      const removed = await signOut(account, this.#options);
      showDone(removedText(account, removed), log);
    } catch (error) {
      const retry = (): Promise<void> => this.signOut({ kind: 'account', account });
      await showError(vscode.l10n.t('Cannot sign out of {0}', host), error, log, { retry });
    }
  }

  /** The account a command was called from, else one that the person chooses, who is told if there is none. */
  async #choose(target: CommandTarget | undefined, placeHolder: string): Promise<Account | undefined> {
    if (target?.kind === 'account') return target.account;
    const accounts = this.#options.accounts.list();
    if (accounts.length > 0) return pickAccount(accounts, placeHolder);
    await offerClouds(vscode.l10n.t('You are signed in to no cloud.'));
    return undefined;
  }

  readonly #tokenByDevice: TokenByDevice = (request, signal) =>
    this.#options.access.tokenByDevice(request, signal);

  /** An account may have been added by a newer version of this extension, which knows more kinds of clouds. */
  #methodsOf({ provider }: Account): SignIn['methods'] {
    const kind = this.#options.kinds.find((candidate) => candidate.kind === provider);
    return kind?.signIn.methods ?? [{ kind: 'token', name: 'accessToken' }];
  }

  async #show(account: Account): Promise<void> {
    await vscode.commands.executeCommand(`${viewId}.focus`);
    await this.#options.list.refresh(account.id);
  }
}
