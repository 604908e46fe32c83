import * as vscode from 'vscode';
import type { Account } from '../sandboxes/account';
import { commandStep, offerSteps } from './feedback';
import { itemOf } from './pickItems';
import { accountRow } from './presentation';

/** Lets the person choose an account; the only one is chosen without asking. */
export async function pickAccount(
  accounts: readonly Account[],
  placeHolder: string,
): Promise<Account | undefined> {
  if (accounts.length <= 1) return accounts[0];
  const items = accounts.map((account) => ({ ...itemOf(accountRow(account)), account }));
  return (await vscode.window.showQuickPick(items, { placeHolder }))?.account;
}

/** Says that there is no account to do something with, and offers the ways to one. */
export async function offerClouds(message: string): Promise<void> {
  await offerSteps(vscode.window.showInformationMessage, message, [
    commandStep(vscode.l10n.t('Start Local Cloud'), 'useLocalCloud'),
    commandStep(vscode.l10n.t('Add Cloud'), 'addCloud'),
  ]);
}
