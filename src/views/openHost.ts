/** What opening a sandbox as a folder asks of the editor and of the person in front of it. */
import * as vscode from 'vscode';
import type { Logger } from '../base/logger';
import { fallbackFolder, isFolderPath } from '../remote/folder';
import type { OpenHost, SetupChanges } from '../remote/openFlow';
import type { ProposedChange } from '../remote/remoteSshSettings';
import type { OpenPhase, Progress } from '../remote/sandboxOpener';
import type { SandboxRef } from '../sandboxes/sandboxList';
import { commandStep, offerSteps, withProgress } from './feedback';
import { messageText, nameText } from './text';

export interface OpenHostOptions {
  /** The sandbox to open. */
  readonly ref: SandboxRef;
  readonly canOpenRemotes: boolean;
  readonly log: Logger;
}

export function createOpenHost({ ref, canOpenRemotes, log }: OpenHostOptions): OpenHost {
  const name = nameText(ref.sandbox.name);
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
    openEmptyWindow: async (remoteAuthority) => {
      await vscode.commands.executeCommand('vscode.newWindow', { remoteAuthority, reuseWindow: false });
    },
    offerTerminal,
    offerInstall,
    askToChange,
    askFolder: () => askFolder(name),
    warnOfObstacles: (obstacles) => warnOfObstacles(obstacles, ref, log),
    withProgress: (work) => withOpenProgress(vscode.l10n.t('Opening “{0}”', name), work),
  };
}

/** Runs the work that leads into a sandbox under a notification that names its phase and can cancel it. */
export async function withOpenProgress<T>(
  title: string,
  work: (progress: Progress<OpenPhase>) => Promise<T>,
): Promise<T> {
  return withProgress(title, ({ signal, report }) =>
    work({ signal, report: (phase) => report(phaseText(phase)) }),
  );
}

function phaseText(phase: OpenPhase): string {
  switch (phase) {
    case 'looking':
      return vscode.l10n.t('looking for it');
    case 'starting':
      return vscode.l10n.t('starting it');
    case 'preparing-ssh':
      return vscode.l10n.t('preparing SSH');
    case 'finding-folder':
      return vscode.l10n.t('looking for its folder');
  }
}

async function offerTerminal(): Promise<boolean> {
  const message = vscode.l10n.t(
    'An editor that runs in a browser cannot open a sandbox as a folder; a terminal works.',
  );
  const terminal = vscode.l10n.t('Open Terminal');
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

/** Shows all that would change, before any of it does. */
async function askToChange({ files, settings }: SetupChanges): Promise<'all' | 'files' | undefined> {
  const message = vscode.l10n.t('Let Cloud Sandboxes prepare Remote-SSH for sandboxes?');
  const allow = vscode.l10n.t('Allow');
  const filesOnly = vscode.l10n.t('Without the Settings');
  const answers = settings.length > 0 ? [allow, filesOnly] : [allow];
  const detail = [
    ...files.map((file) =>
      vscode.l10n.t('In {0}: one Include line at the very top. Everything else stays as it is.', file),
    ),
    ...settings.map(settingText),
    vscode.l10n.t('“Remove SSH Configuration” undoes it all.'),
  ].join('\n\n');
  const chosen = await vscode.window.showInformationMessage(message, { modal: true, detail }, ...answers);
  if (chosen === undefined) return undefined;
  return chosen === allow ? 'all' : 'files';
}

function settingText({ name, value, reach }: ProposedChange): string {
  switch (reach) {
    case 'each-sandbox':
      return vscode.l10n.t(
        'In your settings: {0} gets an entry “{1}” for each sandbox that you open.',
        name,
        String(value),
      );
    case 'all-hosts':
      return vscode.l10n.t('In your settings: {0} becomes “{1}”, for all SSH hosts.', name, String(value));
  }
}

async function askFolder(name: string): Promise<string | undefined> {
  return vscode.window.showInputBox({
    title: vscode.l10n.t('Open “{0}”', name),
    prompt: vscode.l10n.t('Folder in the sandbox to open'),
    value: fallbackFolder,
    ignoreFocusOut: true,
    validateInput: (text) =>
      isFolderPath(text) ? undefined : vscode.l10n.t('Type the full path of a folder, such as /workspace'),
  });
}

/** Does not hold up the opening: the message stays. */
function warnOfObstacles(obstacles: readonly string[], ref: SandboxRef, log: Logger): void {
  for (const obstacle of obstacles) log.warn(`SSH configuration: ${obstacle}`);
  const message = messageText(
    vscode.l10n.t('Your SSH configuration may keep the sandbox from opening: {0}', obstacles[0] ?? ''),
  );
  const steps = [
    commandStep(vscode.l10n.t('Diagnose Connection'), 'diagnose', { kind: 'sandbox', ref }),
    commandStep(vscode.l10n.t('Show Log'), 'showLog'),
  ];
  void offerSteps(vscode.window.showWarningMessage, message, steps);
}
