import * as vscode from 'vscode';
import type { Logger } from '../base/logger';
import type { LinkStatus } from '../remote/linkState';
import type { BookEntry, SandboxBook } from '../remote/sandboxBook';
import type { SandboxList, SandboxRef } from '../sandboxes/sandboxList';
import { connectionOffers, type ConnectionOffer } from './connectionOffers';
import { linkText } from './connectionText';
import { showError } from './feedback';
import { commandIds } from './ids';
import type { CommandTarget } from './sandboxTree';
import type { SandboxWindow, WindowSandbox } from './sandboxWindow';

export interface ConnectionActionsOptions {
  readonly window: Pick<SandboxWindow, 'sandbox'>;
  readonly list: Pick<SandboxList, 'accounts' | 'find'>;
  readonly book: Pick<SandboxBook, 'noteIntent'>;
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
      void vscode.window.showInformationMessage(vscode.l10n.t('This window is not open in a sandbox.'));
      return;
    }
    const { entry, link } = sandbox;
    const { title, explanation } = linkText(entry.name, link.status);
    const items = this.#items(sandbox);
    const chosen = await vscode.window.showQuickPick(items, { title, placeHolder: explanation });
    await chosen?.run();
  }

  #items({ entry, link }: WindowSandbox): ActionItem[] {
    const target = this.#target(entry);
    return connectionOffers(link.status, target?.ref.sandbox).map((offer) =>
      offer === 'reconnect'
        ? this.#reconnect(entry, link.status)
        : {
            label: commandLabel(offer),
            run: () => vscode.commands.executeCommand(commandIds[offer], argumentOf(offer, target)),
          },
    );
  }

  /**
   * By loading the window again: that works in every editor and every state, also when the editor has given up. It is
   * what counts as asking for the sandbox, so a stopped one starts.
   */
  #reconnect(entry: BookEntry, { kind }: LinkStatus): ActionItem {
    const { book, log } = this.#options;
    const starts = kind === 'stopped' || kind === 'not-running';
    const label = starts ? vscode.l10n.t('Start and Reconnect') : vscode.l10n.t('Reconnect');
    return {
      label: `$(refresh) ${label}`,
      description: vscode.l10n.t('reloads the window'),
      run: async () => {
        try {
          await book.noteIntent(entry.alias);
          await vscode.commands.executeCommand('workbench.action.reloadWindow');
        } catch (error) {
          await showError(vscode.l10n.t('Cannot reconnect'), error, log);
        }
      },
    };
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

/** Signing in is a matter of the sandbox's account. */
function argumentOf(offer: CommandOffer, target: SandboxTarget | undefined): CommandTarget | undefined {
  return offer === 'signIn' && target ? { kind: 'account', account: target.ref.account } : target;
}
