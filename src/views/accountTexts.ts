/** What is said about accounts. */
import * as vscode from 'vscode';
import { printable } from '../base/errors';
import type { Removed } from '../remote/signOut';
import { accountHost, isLocal, type Account } from '../sandboxes/account';
import { nameText } from './text';

/** Names beyond that are counted: a notification shows a few lines only. */
const maxNames = 3;

/** What a sign-out took off this computer. */
export function removedText(account: Account, { token, sandboxes, sshConfig }: Removed): string {
  const host = isLocal(account) ? vscode.l10n.t('the local cloud') : printable(accountHost(account), 100);
  const parts = [
    token && vscode.l10n.t('the token'),
    sandboxes.length > 0 && vscode.l10n.t('SSH keys and entries of {0}', namesText(sandboxes)),
    sshConfig && vscode.l10n.t('our SSH files, with the line in your SSH configuration'),
  ].filter((part) => part !== false);
  if (parts.length === 0)
    return vscode.l10n.t('Signed out of {0}. There was nothing else of it on this computer.', host);
  return vscode.l10n.t('Signed out of {0}. Removed from this computer: {1}.', host, parts.join('; '));
}

/** Names of sandboxes, as many as a notification has room for. */
export function namesText(names: readonly string[]): string {
  const shown = names.slice(0, maxNames).map((name) => `“${nameText(name)}”`);
  const more = names.length - shown.length;
  const list = shown.join(', ');
  return more > 0 ? vscode.l10n.t('{0} and {1} more', list, more) : list;
}
