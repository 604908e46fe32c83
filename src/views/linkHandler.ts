import * as vscode from 'vscode';
import type { Logger } from '../base/logger';
import { cloudErrorCode } from '../cloud/errors';
import type { CloudClient, Sandbox } from '../cloud/provider';
import { accountsOf, isLocalLink, parseSandboxLink, type SandboxLink } from '../remote/sandboxLink';
import type { Account } from '../sandboxes/account';
import type { AccountStore } from '../sandboxes/accountStore';
import type { AccountCommands } from './accountCommands';
import { pickAccount } from './accountPick';
import { commandStep, offerSteps, showError, type NextStep } from './feedback';
import type { OpenCommands } from './openCommands';
import { withOpenProgress } from './openHost';
import { messageText } from './text';
import { preferredWindow } from './window';

export interface LinkHandlerOptions {
  readonly accounts: Pick<AccountStore, 'list'>;
  readonly cloud: Pick<AccountCommands, 'addCloud' | 'useLocalCloud'>;
  readonly client: (account: Account, signal?: AbortSignal) => Promise<CloudClient>;
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
    const { log } = this.#options;
    const retry = (): Promise<void> => this.handleUri(uri);
    try {
      const link = parseSandboxLink(uri);
      const account = await this.#account(link, retry);
      if (account) await this.#open(link, account, retry);
    } catch (error) {
      await showError(vscode.l10n.t('Cannot open the link'), error, log);
    }
  }

  async #open(link: SandboxLink, account: Account, retry: () => Promise<void>): Promise<void> {
    const { log, open } = this.#options;
    try {
      const sandbox = await this.#look(link, account);
      await open.openSandbox({ account, sandbox }, link.window ?? preferredWindow(), link.folder);
    } catch (error) {
      const steps = this.#stepsAfter(error, link, account, retry);
      await showError(vscode.l10n.t('Cannot open the link'), error, log, { account, retry, steps });
    }
  }

  /** Asks the cloud, which may first have to be started. */
  #look({ sandboxId }: SandboxLink, account: Account): Promise<Sandbox> {
    return withOpenProgress(vscode.l10n.t('Opening a link'), async ({ signal, report }) => {
      report('looking');
      const client = await this.#options.client(account, signal);
      return client.get(sandboxId, signal);
    });
  }

  #stepsAfter(
    error: unknown,
    link: SandboxLink,
    account: Account,
    retry: () => Promise<void>,
  ): readonly NextStep[] {
    const code = cloudErrorCode(error);
    if (code !== 'not-found' && code !== 'forbidden') return [];
    const isOthers = link.user !== undefined && link.user !== account.user;
    return isOthers ? [this.#signInAsOther(link, retry), openAnother()] : [openAnother()];
  }

  /** What is hidden from one user may be another's. */
  #signInAsOther(link: SandboxLink, retry: () => Promise<void>): NextStep {
    const { accounts, cloud } = this.#options;
    return {
      title: vscode.l10n.t('Sign In as Another User'),
      run: async () => {
        const before = accounts.list().length;
        await cloud.addCloud(link.cloud);
        if (accounts.list().length > before) await retry();
      },
    };
  }

  /** Undefined if the person does not want it, or there is none after all, which then was said. */
  async #account(link: SandboxLink, retry: () => Promise<void>): Promise<Account | undefined> {
    const { accounts } = this.#options;
    const find = (): readonly Account[] => accountsOf(link, accounts.list());
    if (find().length === 0) {
      if (!(await confirmCloud(link))) return undefined;
      await this.#addCloud(link);
      if (find().length === 0) return void offerAgain(link, retry);
    }
    return pickAccount(find(), vscode.l10n.t('As which user?'));
  }

  async #addCloud(link: SandboxLink): Promise<void> {
    const { cloud } = this.#options;
    if (isLocalLink(link)) await cloud.useLocalCloud();
    else await cloud.addCloud(link.cloud);
  }
}

function confirmCloud(link: SandboxLink): Promise<boolean> {
  if (isLocalLink(link)) {
    const message = vscode.l10n.t(
      'A link leads to a sandbox of the local cloud, which is not in your list. Start it?',
    );
    return isConfirmed(message, '', vscode.l10n.t('Start Local Cloud'));
  }
  const message = vscode.l10n.t(
    'A link leads to a sandbox of a cloud that you are not signed in to: {0}. Add it?',
    link.cloud,
  );
  const detail = vscode.l10n.t('Go on only if you know this cloud. It will get the token that you type.');
  return isConfirmed(message, detail, vscode.l10n.t('Add Cloud'));
}

/** The person gave up, or added another cloud than the link's. */
async function offerAgain(link: SandboxLink, retry: () => Promise<void>): Promise<void> {
  const cloud = isLocalLink(link) ? vscode.l10n.t('the local cloud') : link.cloud;
  const message = vscode.l10n.t('The link was not opened: its cloud, {0}, is not in your list.', cloud);
  const steps = [{ title: vscode.l10n.t('Try Again'), run: retry }];
  await offerSteps(vscode.window.showWarningMessage, messageText(message), steps);
}

function openAnother(): NextStep {
  return commandStep(vscode.l10n.t('Open Another Sandbox'), 'open');
}

async function isConfirmed(message: string, detail: string, confirm: string): Promise<boolean> {
  const options = { modal: true, detail };
  return (await vscode.window.showWarningMessage(messageText(message), options, confirm)) === confirm;
}
