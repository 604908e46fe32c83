import * as vscode from 'vscode';
import { printable } from '../base/errors';
import type { Logger } from '../base/logger';
import type { SandboxBook } from '../remote/sandboxBook';
import type { SshAccess } from '../remote/sshAccess';
import type { Lifecycle } from '../sandboxes/lifecycle';
import type { SandboxList, SandboxRef } from '../sandboxes/sandboxList';
import { showError, withProgress } from './feedback';
import { lifecycleActions, refusalText, type LifecycleAction } from './lifecycleActions';
import type { SandboxPicker } from './sandboxPicker';
import type { CommandTarget } from './sandboxTree';
import { messageText, nameText } from './text';

export interface SandboxCommandsOptions {
  readonly list: Pick<SandboxList, 'refresh'>;
  readonly picker: SandboxPicker;
  readonly lifecycle: Lifecycle;
  readonly book: SandboxBook;
  readonly ssh: Pick<SshAccess, 'forget'>;
  readonly log: Logger;
}

/** The commands that change a sandbox's life. Each asks for the sandbox unless it was called from one. */
export class SandboxCommands {
  readonly #options: SandboxCommandsOptions;

  constructor(options: SandboxCommandsOptions) {
    this.#options = options;
  }

  async start(target?: CommandTarget): Promise<void> {
    const ref = await this.#choose(target, lifecycleActions.start);
    if (!ref) return;
    const { lifecycle, book, log } = this.#options;
    const name = nameText(ref.sandbox.name);
    try {
      await withProgress(vscode.l10n.t('Starting “{0}”', name), ({ signal }) => lifecycle.start(ref, signal));
      const alias = book.aliasOf(ref.account.id, ref.sandbox.id);
      if (alias) await book.noteIntent(alias);
    } catch (error) {
      const retry = (): Promise<void> => this.start({ kind: 'sandbox', ref });
      const what = vscode.l10n.t('Cannot start “{0}”', name);
      await showError(what, error, log, { account: ref.account, retry });
    }
  }

  async stop(target?: CommandTarget): Promise<void> {
    const ref = await this.#choose(target, lifecycleActions.stop);
    if (!ref) return;
    const { lifecycle, book, log } = this.#options;
    const name = nameText(ref.sandbox.name);
    try {
      // First of all: connections that lose the sandbox must not start it again.
      const alias = book.aliasOf(ref.account.id, ref.sandbox.id);
      if (alias) await book.clearIntent(alias);
      await withProgress(vscode.l10n.t('Stopping “{0}”', name), ({ signal }) => lifecycle.stop(ref, signal));
    } catch (error) {
      const retry = (): Promise<void> => this.stop({ kind: 'sandbox', ref });
      const what = vscode.l10n.t('Cannot stop “{0}”', name);
      await showError(what, error, log, { account: ref.account, retry });
    }
  }

  async delete(target?: CommandTarget): Promise<void> {
    const ref = await this.#choose(target, lifecycleActions.delete);
    if (ref && (await confirmDelete(ref))) await this.#delete(ref);
  }

  async refresh(target?: CommandTarget): Promise<void> {
    await this.#options.list.refresh(target?.kind === 'account' ? target.account.id : undefined);
  }

  async #delete(ref: SandboxRef): Promise<void> {
    const { lifecycle, book, ssh, log } = this.#options;
    const name = nameText(ref.sandbox.name);
    let isDeleted = false;
    try {
      const alias = book.aliasOf(ref.account.id, ref.sandbox.id);
      if (alias) await book.clearIntent(alias);
      await withProgress(vscode.l10n.t('Deleting “{0}”', name), ({ signal }) =>
        lifecycle.delete(ref, signal),
      );
      isDeleted = true;
      if (alias) await ssh.forget(alias);
    } catch (error) {
      const what = isDeleted
        ? vscode.l10n.t('Deleted “{0}”, but cannot remove what this computer knows of it', name)
        : vscode.l10n.t('Cannot delete “{0}”', name);
      // What was confirmed need not be asked again.
      const retry = (): Promise<void> => this.#delete(ref);
      await showError(what, error, log, { account: ref.account, retry });
    }
  }

  /** The sandbox a command was called from, else one that the person chooses; undefined if there is none for it. */
  async #choose(target: CommandTarget | undefined, action: LifecycleAction): Promise<SandboxRef | undefined> {
    const { picker } = this.#options;
    if (target?.kind !== 'sandbox') {
      return (await picker.pick({ placeholder: action.question(), choice: action }))?.ref;
    }
    const { ref } = target;
    if (action.accepts(ref.sandbox)) return ref;
    void vscode.window.showInformationMessage(messageText(refusalText(ref.sandbox)));
    return undefined;
  }
}

async function confirmDelete({ account, sandbox }: SandboxRef): Promise<boolean> {
  const warning = vscode.l10n.t('All files in it are lost. This cannot be undone.');
  const detail = `${warning}\n\n${printable(account.label, 200)}`;
  const message = messageText(vscode.l10n.t('Delete the sandbox “{0}”?', nameText(sandbox.name)));
  const confirm = vscode.l10n.t('Delete');
  return (await vscode.window.showWarningMessage(message, { modal: true, detail }, confirm)) === confirm;
}
