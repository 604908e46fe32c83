import * as vscode from 'vscode';
import { DisposableStore } from '../base/disposable';
import { createDeferred } from '../base/async';
import type { Account } from '../sandboxes/account';
import type { SandboxList, SandboxRef } from '../sandboxes/sandboxList';
import { commandStep, offerSteps } from './feedback';
import { itemOf, sandboxItems, type SandboxItem, type SandboxItemsOptions } from './pickItems';
import { accountRow } from './presentation';

export interface SandboxPickOptions extends SandboxItemsOptions {
  readonly placeholder: string;
}

export interface PickedSandbox {
  readonly ref: SandboxRef;
  /** Of the button that was pressed; undefined if the sandbox itself was. */
  readonly button?: string;
}

/**
 * Lets the person choose a sandbox of any account; undefined if they do not. What is known is there at once, and
 * the clouds' answers are filled in as they arrive.
 */
export async function pickSandbox(
  list: SandboxList,
  options: SandboxPickOptions,
): Promise<PickedSandbox | undefined> {
  const owned = new DisposableStore();
  const pick = owned.add(vscode.window.createQuickPick<SandboxItem>());
  const chosen = createDeferred<PickedItem | undefined>();
  const update = (): void => {
    const active = pick.activeItems[0]?.ref?.sandbox.id;
    pick.items = sandboxItems(list, options);
    const again = pick.items.find((item) => active !== undefined && item.ref?.sandbox.id === active);
    if (again) pick.activeItems = [again];
  };
  pick.placeholder = options.placeholder;
  pick.matchOnDescription = true;
  pick.matchOnDetail = true;
  pick.keepScrollPosition = true;
  pick.busy = true;
  owned.add(pick.onDidAccept(() => chosen.resolve(pick.selectedItems[0] && { item: pick.selectedItems[0] })));
  owned.add(pick.onDidTriggerItemButton(({ item, button }) => chosen.resolve({ item, button })));
  owned.add(pick.onDidHide(() => chosen.resolve(undefined)));
  owned.add(list.onDidChange(update));
  update();
  pick.show();
  void list.refresh().finally(() => {
    if (!owned.isDisposed) pick.busy = false;
  });
  try {
    return await take(await chosen.promise);
  } finally {
    owned.dispose();
  }
}

interface PickedItem {
  readonly item: SandboxItem;
  readonly button?: vscode.QuickInputButton;
}

async function take(picked: PickedItem | undefined): Promise<PickedSandbox | undefined> {
  if (!picked) return undefined;
  const { ref, buttons, command, argument } = picked.item;
  if (command !== undefined) await vscode.commands.executeCommand(command, argument);
  const button = buttons?.find((candidate) => candidate === picked.button)?.id;
  return ref && { ref, ...(button !== undefined && { button }) };
}

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
