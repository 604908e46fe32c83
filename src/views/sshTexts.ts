/** What is said about how ssh reaches sandboxes. */
import * as vscode from 'vscode';
import type { Sandbox } from '../cloud/provider';
import type { RemovedSetup } from '../remote/sshAccess';
import { isStartable, statusWord } from './presentation';
import { afterwardsTexts, removedParts } from './removedTexts';
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
export function removedSetupText(removed: RemovedSetup): string {
  const parts = removedParts(removed);
  const afterwards = afterwardsTexts(removed);
  if (parts.length + afterwards.length === 0) return vscode.l10n.t('There was nothing of ours to remove.');
  return [
    ...(parts.length > 0 ? [vscode.l10n.t('Removed: {0}.', parts.join('; '))] : []),
    ...afterwards,
    vscode.l10n.t('Opening a sandbox sets up anew what it needs.'),
  ].join(' ');
}
