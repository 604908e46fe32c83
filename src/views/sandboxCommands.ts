import * as vscode from 'vscode';
import { printable } from '../base/errors';
import type { Logger } from '../base/logger';
import type { Sandbox } from '../cloud/provider';
import type { SandboxBook } from '../remote/sandboxBook';
import type { SshAccess } from '../remote/sshAccess';
import type { Account } from '../sandboxes/account';
import type { Lifecycle } from '../sandboxes/lifecycle';
import type { SandboxList, SandboxRef } from '../sandboxes/sandboxList';
import { commandStep, offerSteps, showError, withProgress } from './feedback';
import { pickAccount, pickSandbox } from './pickers';
import { isStartable, isStoppable } from './presentation';
import type { CommandTarget } from './sandboxTree';
import { messageText, nameText } from './text';

export interface SandboxCommandsOptions {
  readonly list: SandboxList;
  readonly lifecycle: Lifecycle;
  readonly book: SandboxBook;
  readonly ssh: Pick<SshAccess, 'forget' | 'cleanUp'>;
  readonly log: Logger;
}

/** The commands that change a sandbox's life. Each asks for the sandbox unless it was called from one. */
export class SandboxCommands {
  readonly #options: SandboxCommandsOptions;

  constructor(options: SandboxCommandsOptions) {
    this.#options = options;
  }

  async create(target?: CommandTarget): Promise<void> {
    const account = await this.#accountFor(target);
    if (!account) return;
    const name = await askName();
    if (name === undefined) return;
    const { lifecycle, log } = this.#options;
    let created: SandboxRef | undefined;
    try {
      const running = await withProgress(vscode.l10n.t('Creating a sandbox'), async ({ signal, report }) => {
        created = await lifecycle.create(account, name ? { name } : {}, signal);
        report(vscode.l10n.t('starting it'));
        // Not every cloud starts what it creates.
        return lifecycle.ensureRunning(created, signal);
      });
      void offerOpen(running);
    } catch (error) {
      const what = created
        ? vscode.l10n.t('Created “{0}”, but cannot start it', nameText(created.sandbox.name))
        : vscode.l10n.t('Cannot create the sandbox');
      await showError(what, error, log, { account });
    }
  }

  async start(target?: CommandTarget): Promise<void> {
    const ref = await this.choose(target, vscode.l10n.t('Start which sandbox?'), isStartable);
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
    const ref = await this.choose(target, vscode.l10n.t('Stop which sandbox?'), isStoppable);
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
    const ref = await this.choose(target, vscode.l10n.t('Delete which sandbox?'), () => true);
    if (!ref || !(await confirmDelete(ref))) return;
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
      await ssh.cleanUp();
    } catch (error) {
      const what = isDeleted
        ? vscode.l10n.t('Deleted “{0}”, but cannot remove what this computer knows of it', name)
        : vscode.l10n.t('Cannot delete “{0}”', name);
      await showError(what, error, log, { account: ref.account });
    }
  }

  async refresh(target?: CommandTarget): Promise<void> {
    await this.#options.list.refresh(target?.kind === 'account' ? target.account.id : undefined);
  }

  /** The sandbox a command was called from, else one that the person chooses. */
  async choose(
    target: CommandTarget | undefined,
    placeholder: string,
    accepts: (sandbox: Sandbox) => boolean,
  ): Promise<SandboxRef | undefined> {
    if (target?.kind === 'sandbox') return target.ref;
    return (await pickSandbox(this.#options.list, { placeholder, accepts }))?.ref;
  }

  async #accountFor(target?: CommandTarget): Promise<Account | undefined> {
    if (target?.kind === 'account') return target.account;
    const accounts = this.#options.list.accounts.map(({ account }) => account);
    if (accounts.length > 0)
      return pickAccount(accounts, vscode.l10n.t('Create the sandbox in which cloud?'));
    await offerSteps(vscode.window.showInformationMessage, vscode.l10n.t('There is no cloud yet.'), [
      commandStep(vscode.l10n.t('Start Local Cloud'), 'useLocalCloud'),
      commandStep(vscode.l10n.t('Add Cloud'), 'addCloud'),
    ]);
    return undefined;
  }
}

async function askName(): Promise<string | undefined> {
  const name = await vscode.window.showInputBox({
    title: vscode.l10n.t('Create Sandbox'),
    prompt: vscode.l10n.t('Name of the sandbox; leave it empty and the cloud chooses one'),
    placeHolder: vscode.l10n.t('my-project'),
  });
  return name?.trim();
}

async function confirmDelete({ account, sandbox }: SandboxRef): Promise<boolean> {
  const warning = vscode.l10n.t('All files in it are lost. This cannot be undone.');
  const detail = `${warning}\n\n${printable(account.label, 200)}`;
  const message = messageText(vscode.l10n.t('Delete the sandbox “{0}”?', nameText(sandbox.name)));
  const confirm = vscode.l10n.t('Delete');
  return (await vscode.window.showWarningMessage(message, { modal: true, detail }, confirm)) === confirm;
}

/** Does not hold up the command: the message stays until the person deals with it. */
async function offerOpen(ref: SandboxRef): Promise<void> {
  const name = nameText(ref.sandbox.name);
  const notice = ref.sandbox.notice && printable(ref.sandbox.notice, 200);
  const message = notice
    ? vscode.l10n.t('Created the sandbox “{0}”. Caution: {1}.', name, notice)
    : vscode.l10n.t('Created the sandbox “{0}”.', name);
  const target: CommandTarget = { kind: 'sandbox', ref };
  await offerSteps(vscode.window.showInformationMessage, messageText(message), [
    commandStep(vscode.l10n.t('Open'), 'open', target),
    commandStep(vscode.l10n.t('Open Terminal'), 'openTerminal', target),
  ]);
}
