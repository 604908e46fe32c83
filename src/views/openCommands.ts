import * as os from 'node:os';
import * as vscode from 'vscode';
import type { Logger } from '../base/logger';
import { windowVariable } from '../broker/protocol';
import type { OpenFlow, OpenHost, TargetWindow } from '../remote/openFlow';
import type { SandboxOpener } from '../remote/sandboxOpener';
import type { SandboxRef } from '../sandboxes/sandboxList';
import { commandStep, offerSteps, showError, withProgress } from './feedback';
import type { SandboxCommands } from './sandboxCommands';
import type { CommandTarget } from './sandboxTree';
import { messageText, nameText } from './text';

export interface OpenCommandsOptions {
  readonly commands: Pick<SandboxCommands, 'choose'>;
  readonly flow: OpenFlow;
  readonly opener: SandboxOpener;
  readonly canOpenRemotes: boolean;
  readonly log: Logger;
}

/** The commands that open a sandbox: as a folder in a window, or as a terminal. */
export class OpenCommands {
  readonly #options: OpenCommandsOptions;

  constructor(options: OpenCommandsOptions) {
    this.#options = options;
  }

  async open(target: CommandTarget | undefined, window: TargetWindow): Promise<void> {
    const { canOpenRemotes, commands, flow, log } = this.#options;
    const ref = await commands.choose(target, vscode.l10n.t('Open which sandbox?'), () => true);
    if (!ref) return;
    const name = nameText(ref.sandbox.name);
    try {
      const outcome = await flow.open(ref, window, createHost(name, canOpenRemotes, log));
      if (outcome === 'terminal') await this.#openTerminal(ref);
    } catch (error) {
      const retry = (): Promise<void> => this.open({ kind: 'sandbox', ref }, window);
      const what = vscode.l10n.t('Cannot open “{0}”', name);
      await showError(what, error, log, { account: ref.account, retry });
    }
  }

  async openTerminal(target?: CommandTarget): Promise<void> {
    const { commands } = this.#options;
    const ref = await commands.choose(target, vscode.l10n.t('Open a terminal in which sandbox?'), () => true);
    if (ref) await this.#openTerminal(ref);
  }

  async #openTerminal(ref: SandboxRef): Promise<void> {
    const { opener, log } = this.#options;
    const name = nameText(ref.sandbox.name);
    try {
      const command = await withProgress(vscode.l10n.t('Opening a terminal in “{0}”', name), (progress) =>
        opener.terminalCommand(ref, progress),
      );
      const terminal = vscode.window.createTerminal({
        name,
        iconPath: new vscode.ThemeIcon('vm-running'),
        shellPath: command.program,
        shellArgs: [...command.arguments],
        // So its connection can say whose it is.
        env: { [windowVariable]: vscode.env.sessionId },
        // A local folder makes the terminal run here also in a window that is open on another machine.
        cwd: vscode.Uri.file(os.homedir()),
        isTransient: true,
      });
      terminal.show();
    } catch (error) {
      const retry = (): Promise<void> => this.#openTerminal(ref);
      const what = vscode.l10n.t('Cannot open a terminal in “{0}”', name);
      await showError(what, error, log, { account: ref.account, retry });
    }
  }
}

function createHost(name: string, canOpenRemotes: boolean, log: Logger): OpenHost {
  return {
    canOpenRemotes,
    uriScheme: vscode.env.uriScheme,
    isInstalled: (id) => vscode.extensions.getExtension(id) !== undefined,
    install: async (id) => {
      await vscode.commands.executeCommand('workbench.extensions.installExtension', id);
    },
    openFolder: async (folder, window) => {
      const uri = vscode.Uri.from({ scheme: 'vscode-remote', ...folder });
      const options = window === 'new' ? { forceNewWindow: true } : { forceReuseWindow: true };
      await vscode.commands.executeCommand('vscode.openFolder', uri, options);
    },
    offerTerminal,
    offerInstall,
    askToEdit,
    warnOfObstacles: (obstacles) => warnOfObstacles(obstacles, log),
    withProgress: (work) => withProgress(vscode.l10n.t('Opening “{0}”', name), work),
  };
}

async function offerTerminal(): Promise<boolean> {
  const terminal = vscode.l10n.t('Open Terminal');
  const message = vscode.l10n.t(
    'An editor that runs in a browser cannot open a sandbox as a folder; a terminal works.',
  );
  return (await vscode.window.showInformationMessage(message, terminal)) === terminal;
}

async function offerInstall(title: string): Promise<'install' | 'terminal' | undefined> {
  const install = vscode.l10n.t('Install “{0}”', title);
  const terminal = vscode.l10n.t('Open Terminal');
  const message = vscode.l10n.t(
    'Opening a sandbox as a folder needs a Remote-SSH extension, and none is installed.',
  );
  const chosen = await vscode.window.showWarningMessage(message, install, terminal);
  if (chosen === undefined) return undefined;
  return chosen === install ? 'install' : 'terminal';
}

async function askToEdit(files: readonly string[]): Promise<boolean> {
  const message = vscode.l10n.t('Let Cloud Sandboxes add one line to your SSH configuration?');
  const detail = vscode.l10n.t(
    'Remote-SSH finds sandboxes through {0}. One Include line at its top refers to a file of ours; everything else stays as it is.',
    files.join(', '),
  );
  const allow = vscode.l10n.t('Add the Line');
  return (await vscode.window.showInformationMessage(message, { modal: true, detail }, allow)) === allow;
}

/** Does not hold up the opening: the message stays. */
function warnOfObstacles(obstacles: readonly string[], log: Logger): void {
  for (const obstacle of obstacles) log.warn(`SSH configuration: ${obstacle}`);
  const first = obstacles[0] ?? '';
  const message = messageText(
    vscode.l10n.t('Your SSH configuration may keep the sandbox from opening: {0}', first),
  );
  void offerSteps(vscode.window.showWarningMessage, message, [
    commandStep(vscode.l10n.t('Show Log'), 'showLog'),
  ]);
}
