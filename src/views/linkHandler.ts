import * as vscode from 'vscode';
import type { Logger } from '../base/logger';
import { cloudErrorCode } from '../cloud/errors';
import type { CloudClient } from '../cloud/provider';
import { accountsOf, isLocalLink, parseSandboxLink, type SandboxLink } from '../remote/sandboxLink';
import type { Account } from '../sandboxes/account';
import type { AccountStore } from '../sandboxes/accountStore';
import type { AccountCommands } from './accountCommands';
import { commandStep, showError, type NextStep } from './feedback';
import type { OpenCommands } from './openCommands';
import { pickAccount } from './pickers';
import { messageText } from './text';
import { preferredWindow } from './window';

export interface LinkHandlerOptions {
  readonly accounts: Pick<AccountStore, 'list'>;
  readonly cloud: Pick<AccountCommands, 'addCloud' | 'useLocalCloud'>;
  readonly client: (account: Account) => Promise<CloudClient>;
  readonly open: Pick<OpenCommands, 'openSandbox'>;
  readonly log: Logger;
}

/** Opens the sandbox that a link names. Who made the link is unknown, so a cloud that is new here is asked about. */
export class LinkHandler implements vscode.UriHandler {
  readonly #options: LinkHandlerOptions;

  constructor(options: LinkHandlerOptions) {
    this.#options = options;
  }

  async handleUri(uri: vscode.Uri): Promise<void> {
    const { client, log, open } = this.#options;
    let account: Account | undefined;
    try {
      const link = parseSandboxLink(uri);
      account = await this.#account(link);
      if (!account) return;
      const sandbox = await (await client(account)).get(link.sandboxId);
      await open.openSandbox({ account, sandbox }, link.window ?? preferredWindow(), link.folder);
    } catch (error) {
      const retry = (): Promise<void> => this.handleUri(uri);
      const steps = cloudErrorCode(error) === 'not-found' ? [openAnother()] : [];
      await showError(
        vscode.l10n.t('Cannot open the link'),
        error,
        log,
        account && { account, retry, steps },
      );
    }
  }

  /** Undefined if the person does not want it. */
  async #account(link: SandboxLink): Promise<Account | undefined> {
    const { accounts } = this.#options;
    if (accountsOf(link, accounts.list()).length === 0) await this.#offerAccount(link);
    return pickAccount(accountsOf(link, accounts.list()), vscode.l10n.t('As which user?'));
  }

  async #offerAccount(link: SandboxLink): Promise<void> {
    const { cloud } = this.#options;
    if (isLocalLink(link)) {
      const message = vscode.l10n.t(
        'A link leads to a sandbox of the local cloud, which is not in your list. Start it?',
      );
      const start = vscode.l10n.t('Start Local Cloud');
      if (await isConfirmed(message, '', start)) await cloud.useLocalCloud();
      return;
    }
    const message = vscode.l10n.t(
      'A link leads to a sandbox of a cloud that you are not signed in to: {0}. Add it?',
      link.cloud,
    );
    const detail = vscode.l10n.t('Go on only if you know this cloud. It will get the token that you type.');
    if (await isConfirmed(message, detail, vscode.l10n.t('Add Cloud'))) await cloud.addCloud(link.cloud);
  }
}

function openAnother(): NextStep {
  return commandStep(vscode.l10n.t('Open Another Sandbox'), 'open');
}

async function isConfirmed(message: string, detail: string, confirm: string): Promise<boolean> {
  const options = { modal: true, detail };
  return (await vscode.window.showWarningMessage(messageText(message), options, confirm)) === confirm;
}
