import * as vscode from 'vscode';
import type { Logger } from '../base/logger';
import type { SandboxBook } from '../remote/sandboxBook';
import { sandboxLink } from '../remote/sandboxLink';
import type { SandboxOpener } from '../remote/sandboxOpener';
import { shellText } from '../remote/shellText';
import type { SshAccess } from '../remote/sshAccess';
import type { SandboxRef } from '../sandboxes/sandboxList';
import { commandStep, offerSteps, showDone, showError, withFixedProgress } from './feedback';
import { isStartable } from './presentation';
import type { SandboxPicker } from './sandboxPicker';
import { copiedText, removedSetupText } from './sshTexts';
import { messageText, nameText } from './text';
import type { CommandTarget } from './treeNodes';

export interface SshCommandsOptions {
  readonly extensionId: string;
  readonly picker: SandboxPicker;
  readonly book: Pick<SandboxBook, 'aliasOf'>;
  readonly opener: Pick<SandboxOpener, 'shellCommand'>;
  readonly ssh: Pick<SshAccess, 'rotateKeys' | 'removeAll'>;
  readonly log: Logger;
}

/** The commands about how ssh reaches sandboxes: the command line, the link, the keys, the configuration. */
export class SshCommands {
  readonly #options: SshCommandsOptions;

  constructor(options: SshCommandsOptions) {
    this.#options = options;
  }

  async copyCommand(target?: CommandTarget): Promise<void> {
    const { opener, log } = this.#options;
    const ref = await this.#choose(target, vscode.l10n.t('Copy the SSH command of which sandbox?'));
    if (!ref) return;
    try {
      const text = shellText(await opener.shellCommand(ref));
      await vscode.env.clipboard.writeText(text);
      const { sandbox } = ref;
      const steps = isStartable(sandbox)
        ? [commandStep(vscode.l10n.t('Start Sandbox'), 'start', { kind: 'sandbox', ref })]
        : [];
      const message = messageText(copiedText(text, sandbox));
      void offerSteps(vscode.window.showInformationMessage, message, steps);
    } catch (error) {
      const name = nameText(ref.sandbox.name);
      const retry = (): Promise<void> => this.copyCommand({ kind: 'sandbox', ref });
      const what = vscode.l10n.t('Cannot make the SSH command of “{0}”', name);
      await showError(what, error, log, { account: ref.account, retry });
    }
  }

  async copyLink(target?: CommandTarget): Promise<void> {
    const ref = await this.#choose(target, vscode.l10n.t('Copy the link to which sandbox?'));
    if (!ref) return;
    await vscode.env.clipboard.writeText(sandboxLink(ref, vscode.env.uriScheme, this.#options.extensionId));
    const name = nameText(ref.sandbox.name);
    const message = vscode.l10n.t(
      'Copied a link that opens “{0}”. It works for who is signed in to its cloud.',
      name,
    );
    showDone(message, this.#options.log);
  }

  async rotateKeys(target?: CommandTarget): Promise<void> {
    const { book, log, ssh } = this.#options;
    const ref = await this.#choose(target, vscode.l10n.t('Make new keys for which sandbox?'));
    if (!ref) return;
    const name = nameText(ref.sandbox.name);
    const alias = book.aliasOf(ref.account.id, ref.sandbox.id);
    if (alias === undefined) {
      const message = vscode.l10n.t('“{0}” has no keys yet; they are made when it is first opened.', name);
      const steps = [commandStep(vscode.l10n.t('Open Sandbox'), 'open', { kind: 'sandbox', ref })];
      void offerSteps(vscode.window.showInformationMessage, messageText(message), steps);
      return;
    }
    try {
      const title = vscode.l10n.t('Making new keys for “{0}”', name);
      await withFixedProgress(title, () => ssh.rotateKeys(alias));
      const message = vscode.l10n.t(
        '“{0}” has a new host key and a new user key. Connections that are open go on; the next one uses them.',
        name,
      );
      showDone(message, log);
    } catch (error) {
      const retry = (): Promise<void> => this.rotateKeys({ kind: 'sandbox', ref });
      await showError(vscode.l10n.t('Cannot make new keys for “{0}”', name), error, log, { retry });
    }
  }

  async removeConfiguration(): Promise<void> {
    const { log, ssh } = this.#options;
    try {
      const title = vscode.l10n.t('Removing the SSH configuration');
      const removed = await withFixedProgress(title, () => ssh.removeAll());
      showDone(removedSetupText(removed), log);
    } catch (error) {
      const retry = (): Promise<void> => this.removeConfiguration();
      await showError(vscode.l10n.t('Cannot remove all of the SSH configuration'), error, log, { retry });
    }
  }

  async #choose(target: CommandTarget | undefined, placeholder: string): Promise<SandboxRef | undefined> {
    if (target?.kind === 'sandbox') return target.ref;
    return (await this.#options.picker.pick({ placeholder }))?.ref;
  }
}
