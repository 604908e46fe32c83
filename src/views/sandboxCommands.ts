import * as vscode from 'vscode';
import { printable } from '../base/errors';
import type { Logger } from '../base/logger';
import type { Sandbox } from '../cloud/provider';
import type { SandboxBook } from '../remote/sandboxBook';
import type { SshAccess } from '../remote/sshAccess';
import type { Account } from '../sandboxes/account';
import type { Lifecycle } from '../sandboxes/lifecycle';
import type { SandboxList, SandboxRef } from '../sandboxes/sandboxList';
import { showError, withProgress } from './feedback';
import { commandIds } from './ids';
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
      const running = await withProgress('Creating a sandbox', async ({ signal, report }) => {
        created = await lifecycle.create(account, name ? { name } : {}, signal);
        report('starting it');
        // Not every cloud starts what it creates.
        return lifecycle.ensureRunning(created, signal);
      });
      void offerOpen(running);
    } catch (error) {
      const what = created
        ? `Created “${nameText(created.sandbox.name)}”, but cannot start it`
        : 'Cannot create the sandbox';
      await showError(what, error, log);
    }
  }

  async start(target?: CommandTarget): Promise<void> {
    const ref = await this.choose(target, 'Start which sandbox?', isStartable);
    if (!ref) return;
    const { lifecycle, book, log } = this.#options;
    const name = nameText(ref.sandbox.name);
    try {
      await withProgress(`Starting “${name}”`, ({ signal }) => lifecycle.start(ref, signal));
      const alias = book.aliasOf(ref.account.id, ref.sandbox.id);
      if (alias) await book.noteIntent(alias);
    } catch (error) {
      await showError(`Cannot start “${name}”`, error, log);
    }
  }

  async stop(target?: CommandTarget): Promise<void> {
    const ref = await this.choose(target, 'Stop which sandbox?', isStoppable);
    if (!ref) return;
    const { lifecycle, book, log } = this.#options;
    const name = nameText(ref.sandbox.name);
    try {
      // First of all: connections that lose the sandbox must not start it again.
      const alias = book.aliasOf(ref.account.id, ref.sandbox.id);
      if (alias) await book.clearIntent(alias);
      await withProgress(`Stopping “${name}”`, ({ signal }) => lifecycle.stop(ref, signal));
    } catch (error) {
      await showError(`Cannot stop “${name}”`, error, log);
    }
  }

  async delete(target?: CommandTarget): Promise<void> {
    const ref = await this.choose(target, 'Delete which sandbox?', () => true);
    if (!ref || !(await confirmDelete(ref))) return;
    const { lifecycle, book, ssh, log } = this.#options;
    const name = nameText(ref.sandbox.name);
    let isDeleted = false;
    try {
      const alias = book.aliasOf(ref.account.id, ref.sandbox.id);
      if (alias) await book.clearIntent(alias);
      await withProgress(`Deleting “${name}”`, ({ signal }) => lifecycle.delete(ref, signal));
      isDeleted = true;
      if (alias) await ssh.forget(alias);
      await ssh.cleanUp();
    } catch (error) {
      const what = isDeleted
        ? `Deleted “${name}”, but cannot remove what this computer knows of it`
        : `Cannot delete “${name}”`;
      await showError(what, error, log);
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
    return pickSandbox(this.#options.list, { placeholder, accepts });
  }

  async #accountFor(target?: CommandTarget): Promise<Account | undefined> {
    if (target?.kind === 'account') return target.account;
    const accounts = this.#options.list.accounts.map(({ account }) => account);
    if (accounts.length > 0) return pickAccount(accounts, 'Create the sandbox in which cloud?');
    const start = 'Start Local Cloud';
    const add = 'Add Cloud';
    const chosen = await vscode.window.showInformationMessage('There is no cloud yet.', start, add);
    if (chosen === start) await vscode.commands.executeCommand(commandIds.useLocalCloud);
    if (chosen === add) await vscode.commands.executeCommand(commandIds.addCloud);
    return undefined;
  }
}

async function askName(): Promise<string | undefined> {
  const name = await vscode.window.showInputBox({
    title: 'Create Sandbox',
    prompt: 'Name of the sandbox; leave it empty and the cloud chooses one',
    placeHolder: 'my-project',
  });
  return name?.trim();
}

async function confirmDelete({ account, sandbox }: SandboxRef): Promise<boolean> {
  const detail = `All files in it are lost. This cannot be undone.\n\n${printable(account.label, 200)}`;
  const message = messageText(`Delete the sandbox “${nameText(sandbox.name)}”?`);
  const confirm = 'Delete';
  return (await vscode.window.showWarningMessage(message, { modal: true, detail }, confirm)) === confirm;
}

/** Does not hold up the command: the message stays until the person deals with it. */
async function offerOpen(ref: SandboxRef): Promise<void> {
  const caution = ref.sandbox.notice ? ` Caution: ${printable(ref.sandbox.notice, 200)}.` : '';
  const message = messageText(`Created the sandbox “${nameText(ref.sandbox.name)}”.${caution}`);
  const steps = [
    { title: 'Open', command: commandIds.open },
    { title: 'Open Terminal', command: commandIds.openTerminal },
  ];
  const chosen = await vscode.window.showInformationMessage(message, ...steps);
  if (chosen) await vscode.commands.executeCommand(chosen.command, { kind: 'sandbox', ref });
}
