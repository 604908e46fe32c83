/** What is said about accounts. */
import * as vscode from 'vscode';
import { printable } from '../base/errors';
import type { Removed } from '../remote/signOut';
import { accountHost, isLocal, type Account } from '../sandboxes/account';
import { afterwardsTexts, removedParts } from './removedTexts';

/** What a sign-out took off this computer, and what it did not touch. */
export function removedText(account: Account, removed: Removed): string {
  const host = isLocal(account) ? vscode.l10n.t('the local cloud') : printable(accountHost(account), 100);
  const parts = [...(removed.token ? [vscode.l10n.t('the token')] : []), ...removedParts(removed)];
  return [
    vscode.l10n.t('Signed out of {0}.', host),
    parts.length > 0
      ? vscode.l10n.t('Removed from this computer: {0}.', parts.join('; '))
      : vscode.l10n.t('There was no token, key or SSH entry of it.'),
    ...afterwardsTexts(removed),
    isLocal(account)
      ? vscode.l10n.t('Its sandboxes stay, and come back when you start the local cloud again.')
      : vscode.l10n.t('Its sandboxes stay in the cloud.'),
  ].join(' ');
}
