import * as vscode from 'vscode';
import type { Disposable } from '../base/disposable';
import type { Logger } from '../base/logger';
import type { OpenFlow, TargetWindow } from '../remote/openFlow';
import type { SandboxOpener } from '../remote/sandboxOpener';
import type { SandboxRef } from '../sandboxes/sandboxList';
import { showError } from './feedback';
import type { LostTerminals } from './lostTerminals';
import { createOpenHost, withOpenProgress } from './openHost';
import type { PickButton } from './pickItems';
import type { SandboxPicker } from './sandboxPicker';
import { terminalOptions } from './terminal';
import { nameText } from './text';
import type { CommandTarget } from './treeNodes';
import { preferredWindow } from './window';

export interface OpenCommandsOptions {
  readonly picker: SandboxPicker;
  readonly flow: OpenFlow;
  readonly opener: SandboxOpener;
  readonly lostTerminals: LostTerminals;
  readonly canOpenRemotes: boolean;
  /** This window's own id. */
  readonly windowId: string;
  readonly log: Logger;
}

/** The commands that open a sandbox: as a folder in a window, or as a terminal. */
export class OpenCommands implements Disposable {
  readonly #options: OpenCommandsOptions;
  /** What the editor was given to make a terminal of. */
  readonly #profiles = new WeakSet<object>();
  readonly #opened: Disposable;

  constructor(options: OpenCommandsOptions) {
    this.#options = options;
    // The editor itself shows its newest terminal a moment too soon: before there is this one.
    this.#opened = vscode.window.onDidOpenTerminal((terminal) => {
      if (this.#profiles.has(terminal.creationOptions)) terminal.show();
    });
  }

  dispose(): void {
    this.#opened.dispose();
  }

  async open(target: CommandTarget | undefined, window: TargetWindow): Promise<void> {
    if (target?.kind === 'sandbox') return this.openSandbox(target.ref, window);
    const { picker, canOpenRemotes } = this.#options;
    const picked = await picker.pick({
      placeholder: vscode.l10n.t('Open which sandbox?'),
      buttons: canOpenRemotes ? [newWindowButton(), terminalButton()] : [terminalButton()],
      isElsewhere: true,
    });
    if (!picked) return;
    if (picked.button === 'terminal') await this.#openTerminal(picked.ref);
    else await this.openSandbox(picked.ref, picked.button === 'newWindow' ? 'new' : window);
  }

  /** @param folder absolute path; preferred to the one that was open last */
  async openSandbox(ref: SandboxRef, window: TargetWindow, folder?: string): Promise<void> {
    const { canOpenRemotes, flow, log } = this.#options;
    const name = nameText(ref.sandbox.name);
    const host = createOpenHost({ ref, canOpenRemotes, log });
    try {
      const outcome = await flow.open({ ref, window, ...(folder !== undefined && { folder }) }, host);
      if (outcome === 'terminal') await this.#openTerminal(ref);
    } catch (error) {
      const retry = (): Promise<void> => this.openSandbox(ref, window, folder);
      await showError(vscode.l10n.t('Cannot open “{0}”', name), error, log, { account: ref.account, retry });
    }
  }

  /** Opens a sandbox that was made just now, in the way that suits this window. */
  async openNew(ref: SandboxRef): Promise<void> {
    if (this.#options.canOpenRemotes) await this.openSandbox(ref, preferredWindow());
    else await this.#openTerminal(ref);
  }

  async openTerminal(target?: CommandTarget): Promise<void> {
    const ref = await this.#chooseForTerminal(target);
    if (ref) await this.#openTerminal(ref);
  }

  /** For the drop-down of terminals: the terminal is the editor's to open. Rejects if there will be none. */
  async terminalProfile(): Promise<vscode.TerminalProfile> {
    const ref = await this.#chooseForTerminal();
    const options = ref && (await this.#terminalOptions(ref));
    if (!options) throw new NoTerminal();
    this.#profiles.add(options);
    return new vscode.TerminalProfile(options);
  }

  async #chooseForTerminal(target?: CommandTarget): Promise<SandboxRef | undefined> {
    if (target?.kind === 'sandbox') return target.ref;
    const placeholder = vscode.l10n.t('Open a terminal in which sandbox?');
    return (await this.#options.picker.pick({ placeholder }))?.ref;
  }

  async #openTerminal(ref: SandboxRef): Promise<void> {
    const options = await this.#terminalOptions(ref);
    if (options) vscode.window.createTerminal(options).show();
  }

  /** Undefined if it cannot be had, which then was said. */
  async #terminalOptions(ref: SandboxRef): Promise<vscode.TerminalOptions | undefined> {
    const { opener, lostTerminals, windowId, log } = this.#options;
    const retry = (): Promise<void> => this.#openTerminal(ref);
    const name = nameText(ref.sandbox.name);
    try {
      const command = await withOpenProgress(vscode.l10n.t('Opening a terminal in “{0}”', name), (progress) =>
        opener.terminalCommand(ref, progress),
      );
      const options = terminalOptions({ name, command, windowId });
      lostTerminals.follow(options, ref, retry);
      return options;
    } catch (error) {
      const what = vscode.l10n.t('Cannot open a terminal in “{0}”', name);
      void showError(what, error, log, { account: ref.account, retry });
      return undefined;
    }
  }
}

/**
 * The person gave up, or has been told why there is no terminal. The editor shows the message of what a profile rejects
 * with, unless it is empty; given no profile, it would complain of that.
 */
class NoTerminal extends Error {
  override readonly name = 'NoTerminal';
}

function newWindowButton(): PickButton {
  return {
    id: 'newWindow',
    iconPath: new vscode.ThemeIcon('empty-window'),
    tooltip: vscode.l10n.t('Open in New Window'),
  };
}

function terminalButton(): PickButton {
  return {
    id: 'terminal',
    iconPath: new vscode.ThemeIcon('terminal'),
    tooltip: vscode.l10n.t('Open Terminal'),
  };
}
