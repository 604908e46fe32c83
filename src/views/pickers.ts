import * as vscode from 'vscode';
import { DisposableStore } from '../base/disposable';
import { createDeferred } from '../base/async';
import type { Sandbox } from '../cloud/provider';
import type { Account } from '../sandboxes/account';
import { isNotRunning } from '../sandboxes/localCloud';
import type { SandboxList, SandboxRef } from '../sandboxes/sandboxList';
import { commandIds } from './ids';
import { accountRow, sandboxRow, statusIcon, type Row } from './presentation';
import { withoutIcons } from './text';

type SandboxItem = vscode.QuickPickItem & { readonly ref?: SandboxRef; readonly command?: string };

export interface SandboxPickOptions {
  readonly placeholder: string;
  readonly accepts: (sandbox: Sandbox) => boolean;
}

/** Lets the person choose a sandbox of any account; undefined if they do not. The list refreshes meanwhile. */
export async function pickSandbox(
  list: SandboxList,
  options: SandboxPickOptions,
): Promise<SandboxRef | undefined> {
  const owned = new DisposableStore();
  const pick = owned.add(vscode.window.createQuickPick<SandboxItem>());
  const chosen = createDeferred<SandboxItem | undefined>();
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
  owned.add(pick.onDidAccept(() => chosen.resolve(pick.selectedItems[0])));
  owned.add(pick.onDidHide(() => chosen.resolve(undefined)));
  owned.add(list.onDidChange(update));
  update();
  pick.show();
  void list.refresh().finally(() => {
    if (!owned.isDisposed) pick.busy = false;
  });
  try {
    const item = await chosen.promise;
    if (item?.command) await vscode.commands.executeCommand(item.command);
    return item?.ref;
  } finally {
    owned.dispose();
  }
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

function sandboxItems(list: SandboxList, options: SandboxPickOptions): SandboxItem[] {
  const items = list.accounts.flatMap(({ account, sandboxes }) =>
    sandboxes
      .filter((sandbox) => !list.isPlaceholder(sandbox) && options.accepts(sandbox))
      .map((sandbox): SandboxItem => {
        const item = itemOf({ ...sandboxRow(sandbox), icon: statusIcon(sandbox.status) });
        return { ...item, detail: accountDetail(account), ref: { account, sandbox } };
      }),
  );
  const start = {
    label: `$(device-desktop) ${vscode.l10n.t('Start Local Cloud')}`,
    command: commandIds.useLocalCloud,
    alwaysShow: true,
  };
  // Its sandboxes may be the ones that are looked for.
  const isStopped = list.accounts.some(({ error }) => isNotRunning(error));
  if (items.length > 0) return isStopped ? [...items, start] : items;
  if (list.accounts.length > 0) {
    const label = `$(add) ${vscode.l10n.t('Create Sandbox')}`;
    const create = { label, command: commandIds.create, alwaysShow: true };
    return isStopped ? [start, create] : [create];
  }
  const label = `$(cloud) ${vscode.l10n.t('Add Cloud')}`;
  return [start, { label, command: commandIds.addCloud, alwaysShow: true }];
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
