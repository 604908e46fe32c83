/** What quick picks of sandboxes and accounts show. */
import { isDeepStrictEqual } from 'node:util';
import * as vscode from 'vscode';
import type { Sandbox } from '../cloud/provider';
import type { BookEntry } from '../remote/sandboxBook';
import type { Account } from '../sandboxes/account';
import type { SandboxList, SandboxRef } from '../sandboxes/sandboxList';
import { commandIds } from './ids';
import { accountMessage, accountRow, joined, sandboxRow, statusIcon, type Row } from './presentation';
import { withoutIcons } from './text';
import type { CommandTarget } from './treeNodes';

/** A button on each sandbox: another way to take it. */
export interface PickButton extends vscode.QuickInputButton {
  readonly id: string;
}

export interface SandboxItem extends vscode.QuickPickItem {
  readonly ref?: SandboxRef;
  readonly buttons?: readonly PickButton[];
  /** What is done instead of a choice. */
  readonly run?: () => unknown;
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
  /** The sandbox that the window is open in: the likeliest answer, so the first. */
  readonly here?: Pick<BookEntry, 'accountId' | 'sandboxId'>;
  /** Answers that are no sandbox. They come last, and there is then always something to choose. */
  readonly others?: readonly SandboxItem[];
}

/** Those to choose from, then the clouds that cannot tell theirs; where there is nothing, what can be done about that. */
export function sandboxItems(
  list: Pick<SandboxList, 'accounts' | 'isPlaceholder'>,
  options: SandboxItemsOptions,
): SandboxItem[] {
  const { choice, others = [] } = options;
  const refs = list.accounts.flatMap(({ account, sandboxes }) =>
    sandboxes
      .filter((sandbox) => !list.isPlaceholder(sandbox) && (choice?.accepts(sandbox) ?? true))
      .map((sandbox): SandboxRef => ({ account, sandbox })),
  );
  const here = refs.filter((ref) => isHere(ref, options));
  const elsewhere = refs.filter((ref) => !isHere(ref, options));
  const items = [...here, ...elsewhere].map((ref) => sandboxItem(ref, options));
  // The sandbox that is looked for may be one of a cloud that does not answer.
  const troubles = troubleItems(list);
  const isLoading = list.accounts.some(({ phase }) => phase === 'loading');
  const hasAnswer = items.length > 0 || isLoading || others.length > 0;
  return [...items, ...troubles, ...(hasAnswer ? others : insteadOfSandboxes(list, choice))];
}

/** Whether a person sees the same entries, and means the same sandboxes by them. */
export function lookSame(one: readonly SandboxItem[], other: readonly SandboxItem[]): boolean {
  return isDeepStrictEqual(one.map(looksOf), other.map(looksOf));
}

function looksOf({ label, description, detail, buttons = [], ref }: SandboxItem): unknown[] {
  return [label, description, detail, buttons.map(({ id }) => id), ref?.account.id, ref?.sandbox.id];
}

function sandboxItem(ref: SandboxRef, options: SandboxItemsOptions): SandboxItem {
  const { account, sandbox } = ref;
  const item = itemOf({ ...sandboxRow(sandbox), icon: statusIcon(sandbox.status) });
  const here = isHere(ref, options) && vscode.l10n.t('this window');
  const detail = joined([here, accountDetail(account)], ' · ');
  return { ...item, detail, ref, buttons: options.buttons ?? [] };
}

function isHere({ account, sandbox }: SandboxRef, { here }: SandboxItemsOptions): boolean {
  return here?.accountId === account.id && here.sandboxId === sandbox.id;
}

export function itemOf(row: Row): vscode.QuickPickItem {
  return {
    label: `$(${row.icon.id}) ${withoutIcons(row.label)}`,
    description: withoutIcons(row.description),
  };
}

function insteadOfSandboxes(
  { accounts }: Pick<SandboxList, 'accounts'>,
  choice: SandboxChoice | undefined,
): SandboxItem[] {
  if (accounts.length === 0) {
    return [
      commandItem(`$(device-desktop) ${vscode.l10n.t('Start Local Cloud')}`, commandIds.useLocalCloud),
      commandItem(`$(cloud) ${vscode.l10n.t('Add Cloud')}`, commandIds.addCloud),
    ];
  }
  // A new sandbox is no answer to which of those that run is to be stopped.
  return choice
    ? [{ label: `$(info) ${choice.none()}`, alwaysShow: true }]
    : [commandItem(`$(add) ${vscode.l10n.t('Create Sandbox')}`, commandIds.create)];
}

function troubleItems(list: Pick<SandboxList, 'accounts'>): SandboxItem[] {
  return list.accounts.flatMap((entry) => {
    const { account, error } = entry;
    const row = error && accountMessage(entry);
    if (!row?.command) return [];
    const cloud = accountRow(account);
    const description = withoutIcons(joined([cloud.description, row.description], ': '));
    const target: CommandTarget = { kind: 'account', account };
    const item = commandItem(`$(${row.icon.id}) ${row.label}`, commandIds[row.command], target);
    return [{ ...item, description }];
  });
}

function commandItem(label: string, command: string, target?: CommandTarget): SandboxItem {
  return { label, run: () => vscode.commands.executeCommand(command, target), alwaysShow: true };
}

function accountDetail(account: Account): string {
  const { label, description } = accountRow(account);
  return withoutIcons(`${label} · ${description}`);
}
