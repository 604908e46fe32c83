import * as os from 'node:os';
import * as vscode from 'vscode';
import { windowVariable } from '../broker/protocol';
import type { CommandLine } from '../remote/sshAccess';

export interface SandboxTerminal {
  /** Fit to show. */
  readonly name: string;
  readonly command: CommandLine;
  /** Of this window. */
  readonly windowId: string;
}

/** A terminal of this window that runs the ssh of a sandbox. */
export function terminalOptions({ name, command, windowId }: SandboxTerminal): vscode.TerminalOptions {
  return {
    name,
    iconPath: new vscode.ThemeIcon('vm-running'),
    shellPath: command.program,
    shellArgs: [...command.arguments],
    // So its connection can say whose it is.
    env: { [windowVariable]: windowId },
    // A local folder makes the terminal run here also in a window that is open on another machine.
    cwd: vscode.Uri.file(os.homedir()),
    isTransient: true,
  };
}
