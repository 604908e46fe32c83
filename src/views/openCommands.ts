import * as os from 'node:os';
import * as vscode from 'vscode';
import type { Logger } from '../base/logger';
import type { SandboxOpener, RemoteFolder } from '../remote/openSandbox';
import { installedRemoteSsh, recommendedRemoteSsh } from '../remote/remoteSshFamily';
import type { SshAccess } from '../remote/sshAccess';
import type { SandboxRef } from '../sandboxes/sandboxList';
import { showError, withProgress } from './feedback';
import { commandIds } from './ids';
import type { SandboxCommands } from './sandboxCommands';
import type { CommandTarget } from './sandboxTree';
import { messageText, nameText } from './text';

export interface OpenCommandsOptions {
  readonly commands: Pick<SandboxCommands, 'choose'>;
  readonly opener: SandboxOpener;
  readonly ssh: SshAccess;
  /** False in a browser, or when we run beside a remote workspace: nothing here can open another machine. */
  readonly canOpenRemotes: boolean;
  /** Remembers what the person allowed. */
  readonly state: vscode.Memento;
  readonly log: Logger;
}

const consentKey = 'sshConfigConsent';

/** The commands that open a sandbox: as a folder in a window, or as a terminal. */
export class OpenCommands {
  readonly #options: OpenCommandsOptions;

  constructor(options: OpenCommandsOptions) {
    this.#options = options;
  }

  async open(target: CommandTarget | undefined, newWindow: boolean): Promise<void> {
    const ref = await this.#options.commands.choose(target, 'Open which sandbox?', () => true);
    if (!ref || !(await this.#checkRemoteSsh(ref))) return;
    const name = nameText(ref.sandbox.name);
    try {
      const folder = await withProgress(`Opening “${name}”`, (signal, report) =>
        this.#prepareFolder(ref, signal, report),
      );
      if (!folder) return;
      const uri = vscode.Uri.from({ scheme: 'vscode-remote', ...folder });
      const window = newWindow ? { forceNewWindow: true } : { forceReuseWindow: true };
      await vscode.commands.executeCommand('vscode.openFolder', uri, window);
    } catch (error) {
      await showError(`Cannot open “${name}”`, error, this.#options.log);
    }
  }

  async openTerminal(target?: CommandTarget): Promise<void> {
    const ref = await this.#options.commands.choose(target, 'Open a terminal in which sandbox?', () => true);
    if (!ref) return;
    const { opener, ssh, log } = this.#options;
    const name = nameText(ref.sandbox.name);
    try {
      const command = await withProgress(`Opening a terminal in “${name}”`, async (signal, report) =>
        ssh.command(await opener.prepare(ref, signal, report)),
      );
      const terminal = vscode.window.createTerminal({
        name,
        iconPath: new vscode.ThemeIcon('vm-running'),
        shellPath: command.program,
        shellArgs: [...command.arguments],
        // A local folder makes the terminal run here also in a window that is open on another machine.
        cwd: vscode.Uri.file(os.homedir()),
        isTransient: true,
      });
      terminal.show();
    } catch (error) {
      await showError(`Cannot open a terminal in “${name}”`, error, log);
    }
  }

  /** Everything up to the folder's URI; undefined if the person does not allow the change that it needs. */
  async #prepareFolder(
    ref: SandboxRef,
    signal: AbortSignal,
    report: (step: string) => void,
  ): Promise<RemoteFolder | undefined> {
    const { opener, ssh } = this.#options;
    if (!(await this.#mayEditSshConfig())) return undefined;
    const alias = await opener.prepare(ref, signal, report);
    await ssh.edit();
    await this.#warnOfObstacles(alias, signal);
    report('looking for its folder');
    return opener.folderOf(ref, alias, signal);
  }

  /** Asks once before the user's own SSH configuration gets our line. */
  async #mayEditSshConfig(): Promise<boolean> {
    const { ssh, state } = this.#options;
    const files = await ssh.filesToEdit();
    if (files.length === 0 || state.get(consentKey) === true) return true;
    const message = 'Let Cloud Sandboxes add one line to your SSH configuration?';
    const detail =
      `Remote-SSH finds sandboxes through ${files.join(' and ')}. One Include line at its top refers to a file of ours; ` +
      'everything else stays as it is.';
    const allow = 'Add the Line';
    const chosen = await vscode.window.showInformationMessage(message, { modal: true, detail }, allow);
    if (chosen !== allow) return false;
    await state.update(consentKey, true);
    return true;
  }

  async #warnOfObstacles(alias: string, signal: AbortSignal): Promise<void> {
    const obstacles = await this.#options.ssh.obstacles(alias, signal);
    if (obstacles.length === 0) return;
    for (const obstacle of obstacles) this.#options.log.warn(`SSH configuration: ${obstacle}`);
    const message = messageText(
      `Your SSH configuration may keep the sandbox from opening: ${obstacles[0] ?? ''}`,
    );
    // Not awaited: opening goes on, and the message stays.
    void vscode.window.showWarningMessage(message, 'Show Log').then((chosen) => {
      if (chosen) void vscode.commands.executeCommand(commandIds.showLog);
    });
  }

  /** Whether this editor can open remotes; if not, offers what it can do instead. */
  async #checkRemoteSsh(ref: SandboxRef): Promise<boolean> {
    const terminal = 'Open Terminal';
    if (!this.#options.canOpenRemotes) {
      const message = 'An editor that runs in a browser cannot open a sandbox as a folder; a terminal works.';
      const chosen = await vscode.window.showInformationMessage(message, terminal);
      if (chosen === terminal) await this.openTerminal({ kind: 'sandbox', ref });
      return false;
    }
    if (installedRemoteSsh((id) => vscode.extensions.getExtension(id) !== undefined)) return true;
    const { id, title } = recommendedRemoteSsh(vscode.env.uriScheme);
    const install = `Install “${title}”`;
    const message = 'Opening a sandbox as a folder needs a Remote-SSH extension, and none is installed.';
    const chosen = await vscode.window.showWarningMessage(message, install, terminal);
    if (chosen === terminal) await this.openTerminal({ kind: 'sandbox', ref });
    if (chosen !== install) return false;
    return this.#install(id);
  }

  async #install(id: string): Promise<boolean> {
    try {
      await vscode.commands.executeCommand('workbench.extensions.installExtension', id);
      return true;
    } catch (error) {
      await showError(`Cannot install ${id}`, error, this.#options.log);
      return false;
    }
  }
}
