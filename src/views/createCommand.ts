import * as vscode from 'vscode';
import { printable } from '../base/errors';
import type { Logger } from '../base/logger';
import type { CreateOptions } from '../cloud/createFields';
import type { CloudClient } from '../cloud/provider';
import { canCreateIn } from '../cloud/registry';
import type { Account } from '../sandboxes/account';
import type { Lifecycle } from '../sandboxes/lifecycle';
import type { SandboxList, SandboxRef } from '../sandboxes/sandboxList';
import { offerClouds, pickAccount } from './accountPick';
import { askCreateOptions } from './createWizard';
import { showDone, showError, withProgress } from './feedback';
import { nameText } from './text';
import type { CommandTarget } from './treeNodes';

export interface CreateCommandOptions {
  readonly list: SandboxList;
  readonly lifecycle: Lifecycle;
  readonly client: (account: Account) => Promise<CloudClient>;
  /** Opens a sandbox that is ready. */
  readonly open: (ref: SandboxRef) => Promise<void>;
  readonly log: Logger;
}

/** The command that makes a sandbox: asks what it should be like, makes it, and opens it when it is ready. */
export class CreateCommand {
  readonly #options: CreateCommandOptions;

  constructor(options: CreateCommandOptions) {
    this.#options = options;
  }

  async run(target?: CommandTarget): Promise<void> {
    const { client, log } = this.#options;
    const account = await this.#accountFor(target);
    if (!account) return;
    try {
      const loading = client(account).then((cloud) => cloud.createFields());
      const options = await askCreateOptions(nameText(account.label), loading);
      if (!options) return;
      const hasImage = (await loading).some(({ key }) => key === 'image');
      await this.#make(account, options, hasImage);
    } catch (error) {
      const retry = (): Promise<void> => this.run({ kind: 'account', account });
      await showError(vscode.l10n.t('Cannot create the sandbox'), error, log, { account, retry });
    }
  }

  async #make(account: Account, options: CreateOptions, hasImage: boolean): Promise<void> {
    const { lifecycle, open, log } = this.#options;
    const created = await withProgress(vscode.l10n.t('Creating a sandbox'), ({ signal, report }) => {
      if (hasImage) report(vscode.l10n.t('this may take minutes if its image has to be fetched'));
      return lifecycle.create(account, options, signal);
    });
    tellCaution(created, log);
    // Not every cloud starts what it creates; opening does, and says what is wrong with a sandbox that has a name.
    await open(created);
  }

  async #accountFor(target?: CommandTarget): Promise<Account | undefined> {
    if (target?.kind === 'account') return target.account;
    const accounts = this.#options.list.accounts
      .map(({ account }) => account)
      .filter(({ provider }) => canCreateIn(provider));
    if (accounts.length > 0)
      return pickAccount(accounts, vscode.l10n.t('Create the sandbox in which cloud?'));
    await offerClouds(vscode.l10n.t('There is no cloud yet to create one in.'));
    return undefined;
  }
}

/** Does not hold up the opening: the message stays until the person deals with it. */
function tellCaution({ sandbox }: SandboxRef, log: Logger): void {
  if (!sandbox.notice) return;
  const notice = printable(sandbox.notice, 200);
  const message = vscode.l10n.t('Created the sandbox “{0}”. Caution: {1}.', nameText(sandbox.name), notice);
  showDone(message, log);
}
