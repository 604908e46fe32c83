import * as vscode from 'vscode';
import { DisposableStore } from '../base/disposable';
import { createDeferred } from '../base/async';
import type { Sandbox } from '../cloud/provider';
import type { Account } from '../sandboxes/account';
import type { SandboxList, SandboxRef } from '../sandboxes/sandboxList';
import { commandIds } from './ids';
import { accountMessage, accountRow, joined, sandboxRow, statusIcon, type Row } from './presentation';
import { withoutIcons } from './text';

/** A button on each sandbox: another way to take it. */
export interface PickButton extends vscode.QuickInputButton {
  readonly id: string;
}

interface SandboxItem extends vscode.QuickPickItem {
  readonly ref?: SandboxRef;
  readonly buttons?: readonly PickButton[];
  /** What is run instead of a choice. */
  readonly command?: string;
  readonly argument?: unknown;
}

export interface SandboxPickOptions {
  readonly placeholder: string;
  /** Those to choose from; all unless told. */
  readonly accepts?: (sandbox: Sandbox) => boolean;
  readonly buttons?: readonly PickButton[];
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

function sandboxItems(
  list: SandboxList,
  { accepts = () => true, buttons = [] }: SandboxPickOptions,
): SandboxItem[] {
  const items = list.accounts.flatMap(({ account, sandboxes }) =>
    sandboxes
      .filter((sandbox) => !list.isPlaceholder(sandbox) && accepts(sandbox))
      .map((sandbox): SandboxItem => {
        const item = itemOf({ ...sandboxRow(sandbox), icon: statusIcon(sandbox.status) });
        return { ...item, detail: accountDetail(account), ref: { account, sandbox }, buttons };
      }),
  );
  // The sandbox that is looked for may be one of a cloud that does not answer.
  const troubles = troubleItems(list);
  if (list.accounts.length === 0) {
    return [
      commandItem(`$(device-desktop) ${vscode.l10n.t('Start Local Cloud')}`, commandIds.useLocalCloud),
      commandItem(`$(cloud) ${vscode.l10n.t('Add Cloud')}`, commandIds.addCloud),
    ];
  }
  if (items.length > 0) return [...items, ...troubles];
  return [...troubles, commandItem(`$(add) ${vscode.l10n.t('Create Sandbox')}`, commandIds.create)];
}

function troubleItems(list: SandboxList): SandboxItem[] {
  return list.accounts.flatMap((entry) => {
    const { account, error } = entry;
    const row = error && accountMessage(entry);
    if (!row?.command) return [];
    const cloud = accountRow(account);
    const description = withoutIcons(joined([cloud.description, row.description], ': '));
    const item = commandItem(`$(${row.icon.id}) ${row.label}`, commandIds[row.command]);
    return [{ ...item, description, argument: { kind: 'account', account } }];
  });
}

function commandItem(label: string, command: string): SandboxItem {
  return { label, command, alwaysShow: true };
}

function accountDetail(account: Account): string {
  const { label, description } = accountRow(account);
  return withoutIcons(`${label} · ${description}`);
}

function itemOf(row: Row): vscode.QuickPickItem {
  return {
    label: `$(${row.icon.id}) ${withoutIcons(row.label)}`,
    description: withoutIcons(row.description),
  };
}
