/** What quick picks of sandboxes and accounts show. */
import * as vscode from 'vscode';
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

export interface SandboxItem extends vscode.QuickPickItem {
  readonly ref?: SandboxRef;
  readonly buttons?: readonly PickButton[];
  /** What is run instead of a choice. */
  readonly command?: string;
  readonly argument?: unknown;
}

/** Which sandboxes there are to choose from. */
export interface SandboxChoice {
  readonly accepts: (sandbox: Sandbox) => boolean;
  /** Says that there is none of them. */
  readonly none: () => string;
}

export interface SandboxItemsOptions {
  /** All unless told. */
  readonly choice?: SandboxChoice;
  readonly buttons?: readonly PickButton[];
}

/** Those to choose from, then the clouds that cannot tell theirs; where there is nothing, what can be done about that. */
export function sandboxItems(
  list: Pick<SandboxList, 'accounts' | 'isPlaceholder'>,
  { choice, buttons = [] }: SandboxItemsOptions,
): SandboxItem[] {
  if (list.accounts.length === 0) {
    return [
      commandItem(`$(device-desktop) ${vscode.l10n.t('Start Local Cloud')}`, commandIds.useLocalCloud),
      commandItem(`$(cloud) ${vscode.l10n.t('Add Cloud')}`, commandIds.addCloud),
    ];
  }
  const items = list.accounts.flatMap(({ account, sandboxes }) =>
    sandboxes
      .filter((sandbox) => !list.isPlaceholder(sandbox) && (choice?.accepts(sandbox) ?? true))
      .map((sandbox): SandboxItem => {
        const item = itemOf({ ...sandboxRow(sandbox), icon: statusIcon(sandbox.status) });
        return { ...item, detail: accountDetail(account), ref: { account, sandbox }, buttons };
      }),
  );
  // The sandbox that is looked for may be one of a cloud that does not answer.
  const troubles = troubleItems(list);
  const isLoading = list.accounts.some(({ phase }) => phase === 'loading');
  return items.length > 0 || isLoading ? [...items, ...troubles] : [...troubles, insteadOfSandboxes(choice)];
}

export function itemOf(row: Row): vscode.QuickPickItem {
  return {
    label: `$(${row.icon.id}) ${withoutIcons(row.label)}`,
    description: withoutIcons(row.description),
  };
}

/** A new sandbox is no answer to which of those that run is to be stopped. */
function insteadOfSandboxes(choice: SandboxChoice | undefined): SandboxItem {
  return choice
    ? { label: `$(info) ${choice.none()}`, alwaysShow: true }
    : commandItem(`$(add) ${vscode.l10n.t('Create Sandbox')}`, commandIds.create);
}

function troubleItems(list: Pick<SandboxList, 'accounts'>): SandboxItem[] {
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
