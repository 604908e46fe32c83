import * as vscode from 'vscode';
import type { Logger } from '../base/logger';
import type { LinkStatus } from '../remote/linkState';
import type { BookEntry, SandboxBook } from '../remote/sandboxBook';
import { isLocal, type Account } from '../sandboxes/account';
import type { SandboxList, SandboxRef } from '../sandboxes/sandboxList';
import type { AccountCommands } from './accountCommands';
import { connectionOffers, type ConnectionOffer } from './connectionOffers';
import { linkText } from './connectionText';
import { commandStep, offerSteps, showError } from './feedback';
import { commandIds } from './ids';
import type { CommandTarget } from './sandboxTree';
import type { SandboxWindow, WindowSandbox } from './sandboxWindow';
import { messageText, nameText } from './text';
import { isEmptySshWindow } from './window';

export interface ConnectionActionsOptions {
  readonly window: Pick<SandboxWindow, 'sandbox'>;
  readonly list: Pick<SandboxList, 'accounts' | 'find'>;
  readonly book: Pick<SandboxBook, 'find' | 'noteIntent' | 'reload'>;
  readonly cloud: Pick<AccountCommands, 'addCloud' | 'useLocalCloud'>;
  readonly log: Logger;
}

interface ActionItem extends vscode.QuickPickItem {
  readonly run: () => unknown;
}

type SandboxTarget = Extract<CommandTarget, { kind: 'sandbox' }>;
type CommandOffer = Exclude<ConnectionOffer, 'reconnect'>;

/** The menu of what can be done about the connection of a sandbox's window. */
export class ConnectionActions {
  readonly #options: ConnectionActionsOptions;

  constructor(options: ConnectionActionsOptions) {
    this.#options = options;
  }

  async show(): Promise<void> {
    const { sandbox } = this.#options.window;
    if (!sandbox) {
      explainNone();
      return;
    }
    const { entry, link } = sandbox;
    const { title, explanation } = linkText(entry.name, link.status);
    const items = this.#items(sandbox);
    const chosen = await vscode.window.showQuickPick(items, { title, placeHolder: explanation });
    await chosen?.run();
  }

  #items(sandbox: WindowSandbox): ActionItem[] {
    const { entry, link } = sandbox;
    const target = this.#target(entry);
    return connectionOffers(link.status, target?.ref.sandbox).map((offer) => {
      if (offer === 'reconnect') return this.#reconnect(entry, link.status, target);
      const label = commandLabel(offer);
      if (offer === 'signIn') return { label, run: () => this.#signIn(sandbox, target) };
      return { label, run: () => vscode.commands.executeCommand(commandIds[offer], target) };
    });
  }

  /**
   * By loading the window again: that works in every editor and every state, also when the editor has given up. It is
   * what counts as asking for the sandbox, so a stopped one starts.
   */
  #reconnect(
    { alias, name }: BookEntry,
    { kind }: LinkStatus,
    target: SandboxTarget | undefined,
  ): ActionItem {
    const starts = kind === 'stopped' || kind === 'not-running';
    const label = starts ? vscode.l10n.t('Start and Reconnect') : vscode.l10n.t('Reconnect');
    return {
      label: `$(refresh) ${label}`,
      description: vscode.l10n.t('reloads the window'),
      run: () => this.#reload(alias, name, target),
    };
  }

  async #reload(alias: string, name: string, target: SandboxTarget | undefined): Promise<void> {
    const { book, log } = this.#options;
    try {
      await book.reload();
      // A sign-out has taken its keys and its entry for ssh: what opening it makes and asks is needed again.
      if (!book.find(alias)) await vscode.commands.executeCommand(commandIds.open, target);
      if (!book.find(alias)) return;
      await book.noteIntent(alias);
      await vscode.commands.executeCommand('workbench.action.reloadWindow');
    } catch (error) {
      const retry = (): Promise<void> => this.#reload(alias, name, target);
      await showError(vscode.l10n.t('Cannot reconnect to “{0}”', nameText(name)), error, log, { retry });
    }
  }

  /** Signing in is a matter of the sandbox's account; one that is gone has to be added again. */
  async #signIn({ entry, account }: WindowSandbox, target: SandboxTarget | undefined): Promise<void> {
    const { cloud } = this.#options;
    if (target) {
      const argument: CommandTarget = { kind: 'account', account: target.ref.account };
      await vscode.commands.executeCommand(commandIds.signIn, argument);
    } else if (account && isLocal(account)) {
      await cloud.useLocalCloud();
    } else {
      await cloud.addCloud(account?.baseUrl);
      if (account && !this.#target(entry)) this.#explainOtherUser(account);
    }
  }

  #explainOtherUser(account: Account): void {
    const { list } = this.#options;
    const isSignedIn = list.accounts.some((known) => known.account.baseUrl === account.baseUrl);
    if (!isSignedIn) return;
    const message = vscode.l10n.t(
      'This window was opened as {0}. To go on as another user, open the sandbox again.',
      nameText(account.label),
    );
    const steps = [commandStep(vscode.l10n.t('Open Sandbox'), 'open')];
    void offerSteps(vscode.window.showWarningMessage, messageText(message), steps);
  }

  /** The sandbox as the list knows it, else as far as it was recorded; undefined if its account is gone. */
  #target({ accountId, sandboxId, name }: BookEntry): SandboxTarget | undefined {
    const { list } = this.#options;
    const account = list.accounts.find((known) => known.account.id === accountId)?.account;
    if (!account) return undefined;
    const recorded: SandboxRef = { account, sandbox: { id: sandboxId, name, status: 'unknown' } };
    return { kind: 'sandbox', ref: list.find(accountId, sandboxId) ?? recorded };
  }
}

function explainNone(): void {
  if (!isEmptySshWindow()) {
    void vscode.window.showInformationMessage(vscode.l10n.t('This window is not open in a sandbox.'));
    return;
  }
  const message = vscode.l10n.t(
    'This window does not tell its sandbox, if it is open in one, before you open a folder or file.',
  );
  const openFolder = {
    title: vscode.l10n.t('Open Folder'),
    run: () => vscode.commands.executeCommand('workbench.action.files.openFolder'),
  };
  void offerSteps(vscode.window.showInformationMessage, message, [openFolder]);
}

function commandLabel(offer: CommandOffer): string {
  switch (offer) {
    case 'signIn':
      return `$(key) ${vscode.l10n.t('Sign In Again')}`;
    case 'openTerminal':
      return `$(terminal) ${vscode.l10n.t('Open Terminal')}`;
    case 'copySshCommand':
      return `$(copy) ${vscode.l10n.t('Copy SSH Command')}`;
    case 'stop':
      return `$(debug-stop) ${vscode.l10n.t('Stop Sandbox')}`;
    case 'diagnose':
      return `$(pulse) ${vscode.l10n.t('Diagnose Connection')}`;
    case 'showLog':
      return `$(output) ${vscode.l10n.t('Show Log')}`;
  }
}
