/** What is said about how ssh reaches sandboxes. */
import * as vscode from 'vscode';
import type { Sandbox } from '../cloud/provider';
import type { RemovedSetup } from '../remote/sshAccess';
import { namesText } from './accountTexts';
import { isStartable, statusWord } from './presentation';
import { nameText } from './text';

export function copiedText(command: string, sandbox: Sandbox): string {
  if (!isStartable(sandbox)) return vscode.l10n.t('Copied: {0}', command);
  return vscode.l10n.t(
    'Copied: {0}. “{1}” is {2} now, and ssh does not start it.',
    command,
    nameText(sandbox.name),
    statusWord(sandbox.status),
  );
}

/** What is gone from this computer, and what is as it was before. */
export function removedSetupText({ sandboxes, config, settings }: RemovedSetup): string {
  const removed = [
    sandboxes.length > 0 && vscode.l10n.t('SSH keys and entries of {0}', namesText(sandboxes)),
    ...config.edited.map((file) => vscode.l10n.t('our line in {0}', file)),
    config.folder !== undefined && vscode.l10n.t('the folder {0}', config.folder),
  ].filter((part) => part !== false);
  const restored = settings.map(({ name, value }) =>
    value === undefined
      ? vscode.l10n.t('{0} is not set', name)
      : vscode.l10n.t('{0} is {1}', name, JSON.stringify(value)),
  );
  if (removed.length + restored.length === 0) return vscode.l10n.t('There was nothing of ours to remove.');
  return [
    removed.length > 0 && vscode.l10n.t('Removed: {0}.', removed.join('; ')),
    restored.length > 0 && vscode.l10n.t('As before: {0}.', restored.join('; ')),
    config.folder === undefined &&
      sandboxes.length > 0 &&
      vscode.l10n.t('Another editor still uses the line and the folder.'),
    vscode.l10n.t('Opening a sandbox sets up anew what it needs.'),
  ]
    .filter((part) => part !== false)
    .join(' ');
}
