/** What is said about what is gone from this computer. */
import * as vscode from 'vscode';
import type { RemovedSetup } from '../remote/sshAccess';
import { nameText } from './text';

/** Names beyond that are counted: a notification shows a few lines only. */
const MAX_NAMES = 3;

/** What was removed, part by part. */
export function removedParts({ sandboxes, settingsWithEntries, config }: RemovedSetup): string[] {
  return [
    sandboxes.length > 0 && vscode.l10n.t('SSH keys and entries of {0}', namesText(sandboxes)),
    ...settingsWithEntries.map((name) => vscode.l10n.t('their entries in {0}', name)),
    ...config.edited.map((file) => vscode.l10n.t('our line in {0}', file)),
    config.folder !== undefined && vscode.l10n.t('the folder {0}', config.folder),
  ].filter((part) => part !== false);
}

/** The sentences about what is as it was before us, and about what had to stay. */
export function afterwardsTexts({ settings, config }: RemovedSetup): string[] {
  const restored = settings.map(({ name, value }) =>
    value === undefined
      ? vscode.l10n.t('{0} is not set', name)
      : vscode.l10n.t('{0} is {1}', name, JSON.stringify(value)),
  );
  return [
    restored.length > 0 && vscode.l10n.t('As before: {0}.', restored.join('; ')),
    config.isShared && vscode.l10n.t('Another editor still uses the line and the folder.'),
  ].filter((part) => part !== false);
}

/** Names of sandboxes, as many as a notification has room for. */
function namesText(names: readonly string[]): string {
  const shown = names.slice(0, MAX_NAMES).map((name) => `“${nameText(name)}”`);
  const more = names.length - shown.length;
  const list = shown.join(', ');
  return more > 0 ? vscode.l10n.t('{0} and {1} more', list, more) : list;
}
