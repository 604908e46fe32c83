import * as vscode from 'vscode';
import type { Logger } from '../base/logger';
import type { LinkStatus } from '../remote/linkState';
import type { BookEntry, SandboxBook } from '../remote/sandboxBook';
import type { SandboxList, SandboxRef } from '../sandboxes/sandboxList';
import { linkText } from './connectionText';
import { showError } from './feedback';
import { commandIds, type CommandName } from './ids';
import type { CommandTarget } from './sandboxTree';
import type { SandboxWindow } from './sandboxWindow';

export interface ConnectionActionsOptions {
  /** Undefined if the window is open elsewhere. */
  readonly window: SandboxWindow | undefined;
  readonly list: Pick<SandboxList, 'accounts' | 'find'>;
  readonly book: Pick<SandboxBook, 'noteIntent'>;
  readonly log: Logger;
}

interface ActionItem extends vscode.QuickPickItem {
  readonly run: () => unknown;
}

/** What can be done about the connection of a sandbox's window, the most helpful first. */
export class ConnectionActions {
  readonly #options: ConnectionActionsOptions;

  constructor(options: ConnectionActionsOptions) {
    this.#options = options;
  }

  async show(): Promise<void> {
    const { window } = this.#options;
    if (!window) {
      void vscode.window.showInformationMessage(vscode.l10n.t('This window is not open in a sandbox.'));
      return;
    }
    const { entry, link } = window;
    const { text, tooltip } = linkText(entry.name, link.status);
    const title = text.replace(/^\$\([^)]*\) /, '');
    const placeHolder = tooltip.split('\n').slice(1).join(' ');
    const chosen = await vscode.window.showQuickPick(this.#items(window), { title, placeHolder });
    await chosen?.run();
  }

  #items({ entry, link }: SandboxWindow): ActionItem[] {
    const target = this.#target(entry);
    const command = (icon: string, label: string, name: CommandName): ActionItem => ({
      label: `$(${icon}) ${label}`,
      run: () => vscode.commands.executeCommand(commandIds[name], target),
    });
    const account = target && { kind: 'account', account: target.ref.account };
    const signIn: ActionItem = {
      label: `$(key) ${vscode.l10n.t('Sign In Again')}`,
      run: () => vscode.commands.executeCommand(commandIds.signIn, account),
    };
    return [
      ...(link.status.kind === 'signed-out' ? [signIn] : []),
      ...(link.status.kind === 'deleted' ? [] : [this.#reconnect(entry, link.status)]),
      command('terminal', vscode.l10n.t('Open Terminal'), 'openTerminal'),
      command('copy', vscode.l10n.t('Copy SSH Command'), 'copySshCommand'),
      command('debug-stop', vscode.l10n.t('Stop Sandbox'), 'stop'),
      command('pulse', vscode.l10n.t('Diagnose Connection'), 'diagnose'),
      command('output', vscode.l10n.t('Show Log'), 'showLog'),
    ];
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
  #target({
    accountId,
    sandboxId,
    name,
  }: BookEntry): Extract<CommandTarget, { kind: 'sandbox' }> | undefined {
    const { list } = this.#options;
    const account = list.accounts.find((known) => known.account.id === accountId)?.account;
    if (!account) return undefined;
    const recorded: SandboxRef = { account, sandbox: { id: sandboxId, name, status: 'unknown' } };
    return { kind: 'sandbox', ref: list.find(accountId, sandboxId) ?? recorded };
  }
}
