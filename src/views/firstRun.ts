import * as vscode from 'vscode';
import type { Logger } from '../base/logger';
import { recommendedRemoteSsh } from '../remote/remoteSshFamily';
import type { Account } from '../sandboxes/account';
import type { Lifecycle } from '../sandboxes/lifecycle';
import type { SandboxList, SandboxRef } from '../sandboxes/sandboxList';
import { showError, withProgress } from './feedback';
import { commandIds, viewId, walkthroughId } from './ids';

export interface FirstRunOptions {
  readonly extensionId: string;
  readonly list: SandboxList;
  readonly lifecycle: Pick<Lifecycle, 'create'>;
  /** Starts the local cloud and lists it. */
  readonly useLocalCloud: (signal: AbortSignal) => Promise<Account>;
  readonly log: Logger;
}

/** The commands that lead a person from the installation to a first sandbox. */
export class FirstRun {
  readonly #options: FirstRunOptions;

  constructor(options: FirstRunOptions) {
    this.#options = options;
  }

  /** From nothing to a shell in a sandbox of this computer. */
  async tryLocal(): Promise<void> {
    const { log } = this.#options;
    try {
      const title = vscode.l10n.t('Preparing a sandbox on this computer');
      const ref = await withProgress(title, ({ signal, report }) => this.#localSandbox(report, signal));
      await vscode.commands.executeCommand(`${viewId}.focus`);
      await vscode.commands.executeCommand(commandIds.openTerminal, { kind: 'sandbox', ref });
    } catch (error) {
      const retry = (): Promise<void> => this.tryLocal();
      await showError(vscode.l10n.t('Cannot make a sandbox on this computer'), error, log, { retry });
    }
  }

  /** Installs the Remote-SSH that belongs to this editor. */
  async installRemoteSsh(): Promise<void> {
    const { id, title } = recommendedRemoteSsh(vscode.env.uriScheme);
    try {
      // The editor itself shows that it does so.
      await vscode.commands.executeCommand('workbench.extensions.installExtension', id);
    } catch (error) {
      const retry = (): Promise<void> => this.installRemoteSsh();
      await showError(vscode.l10n.t('Cannot install {0}', title), error, this.#options.log, { retry });
    }
  }

  async getStarted(): Promise<void> {
    const walkthrough = `${this.#options.extensionId}#${walkthroughId}`;
    await vscode.commands.executeCommand('workbench.action.openWalkthrough', walkthrough, false);
  }

  /** A sandbox that is there already, else a new one. */
  async #localSandbox(report: (step: string) => void, signal: AbortSignal): Promise<SandboxRef> {
    const { list, lifecycle, useLocalCloud } = this.#options;
    report(vscode.l10n.t('starting the local cloud'));
    const account = await useLocalCloud(signal);
    await list.refresh(account.id);
    signal.throwIfAborted();
    const known = list.accounts.find((entry) => entry.account.id === account.id)?.sandboxes ?? [];
    const sandbox = known.find(({ status }) => status === 'running') ?? known[0];
    if (sandbox) return { account, sandbox };
    report(vscode.l10n.t('creating a sandbox, which may take minutes if an image has to be fetched'));
    return lifecycle.create(account, {}, signal);
  }
}
