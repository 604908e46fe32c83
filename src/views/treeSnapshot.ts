/** What the tree shows, made from what is known. */
import * as vscode from 'vscode';
import type { ConnectionState } from '../broker/protocol';
import type { Sandbox, SandboxStatus } from '../cloud/provider';
import { bestConnection } from '../remote/connections';
import type { AccountSandboxes, SandboxRef } from '../sandboxes/sandboxList';
import { connectionRow, forwardRow } from './connectionRows';
import {
  accountMessage,
  accountRow,
  noMatchMessage,
  sandboxRow,
  statusIcon,
  type MessageRow,
} from './presentation';
import type { SandboxFilter } from './treeFilter';
import type { NodeSpec } from './treeNodes';

export type Grouping = 'account' | 'status';

/** What earlier snapshots made of sandboxes: most of a long list is the same from one to the next. */
export type KnownSandboxes = WeakMap<
  Sandbox,
  { readonly inputs: readonly unknown[]; readonly spec: NodeSpec }
>;

export interface TreeInput {
  readonly accounts: readonly AccountSandboxes[];
  readonly isPlaceholder: (sandbox: Sandbox) => boolean;
  /** Open connections to a sandbox. */
  readonly connectionsOf: (ref: SandboxRef) => readonly ConnectionState[];
  readonly grouping: Grouping;
  readonly filter?: SandboxFilter | undefined;
  readonly known: KnownSandboxes;
  /** This window's own id. */
  readonly windowId: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

interface StatusGroup {
  readonly id: string;
  readonly title: () => string;
  readonly statuses: readonly SandboxStatus[];
}

const statusGroups: readonly StatusGroup[] = [
  { id: 'running', title: () => vscode.l10n.t('Running'), statuses: ['running'] },
  {
    id: 'changing',
    title: () => vscode.l10n.t('Starting or stopping'),
    statuses: ['starting', 'creating', 'stopping'],
  },
  { id: 'failed', title: () => vscode.l10n.t('Failed'), statuses: ['failed'] },
  { id: 'paused', title: () => vscode.l10n.t('Paused'), statuses: ['paused'] },
  { id: 'stopped', title: () => vscode.l10n.t('Stopped'), statuses: ['stopped'] },
  { id: 'unknown', title: () => vscode.l10n.t('State unknown'), statuses: ['unknown'] },
];

const noChildren: readonly NodeSpec[] = [];

export function treeSnapshot(input: TreeInput): readonly NodeSpec[] {
  return input.grouping === 'account'
    ? input.accounts.map((entry) => accountSpec(entry, input))
    : groupedByStatus(input);
}

/** How many sandboxes a filter leaves, of how many. */
export function countMatches({ accounts, filter }: Pick<TreeInput, 'accounts' | 'filter'>): {
  readonly shown: number;
  readonly all: number;
} {
  const sandboxes = accounts.flatMap((entry) => entry.sandboxes);
  return { shown: filter ? sandboxes.filter(filter).length : sandboxes.length, all: sandboxes.length };
}

function accountSpec(entry: AccountSandboxes, input: TreeInput): NodeSpec {
  const { account } = entry;
  const message = messageSpec(entry, accountMessage(entry));
  const shown = input.filter ? entry.sandboxes.filter(input.filter) : entry.sandboxes;
  const sandboxes = shown.map((sandbox) => sandboxSpec('account', { account, sandbox }, input));
  return {
    id: idOf('account', account.id),
    row: accountRow(account),
    target: { kind: 'account', account },
    children: message ? [message, ...sandboxes] : sandboxes,
    expanded: true,
  };
}

/** What accounts have to say comes first, for it may explain why sandboxes are missing. */
function groupedByStatus(input: TreeInput): readonly NodeSpec[] {
  const { accounts, filter } = input;
  const messages = accounts.map((entry) => messageSpec(entry, withAccount(entry, accountMessage(entry))));
  const refs = accounts.flatMap(({ account, sandboxes }) =>
    sandboxes.map((sandbox) => ({ account, sandbox })),
  );
  const shown = filter ? refs.filter(({ sandbox }) => filter(sandbox)) : refs;
  const groups = statusGroups.map((group) => groupSpec(group, shown, input));
  // An empty tree would show the text that welcomes people without a cloud.
  const isEmptied = shown.length === 0 && refs.length > 0;
  const nothing: NodeSpec = {
    id: idOf('noMatch'),
    row: noMatchMessage(),
    children: noChildren,
  };
  return [...messages, ...groups, isEmptied ? nothing : undefined].filter((spec) => spec !== undefined);
}

function groupSpec(group: StatusGroup, refs: readonly SandboxRef[], input: TreeInput): NodeSpec | undefined {
  const members = refs.filter(({ sandbox }) => group.statuses.includes(sandbox.status));
  const [first] = group.statuses;
  if (members.length === 0 || !first) return undefined;
  const title = group.title();
  const description = String(members.length);
  return {
    id: idOf('status', group.id),
    row: { label: title, description, tooltip: () => title, icon: statusIcon(first), context: 'group' },
    children: members.map((ref) => sandboxSpec(group.id, ref, input)),
    expanded: true,
  };
}

/** @param place keeps ids apart when a sandbox moves from one group to another: the editor knows both for a moment */
function sandboxSpec(place: string, ref: SandboxRef, input: TreeInput): NodeSpec {
  const { account, sandbox } = ref;
  const connections = input.connectionsOf(ref);
  const isNamed = input.grouping === 'status' && input.accounts.length > 1;
  const placeholder = input.isPlaceholder(sandbox);
  // All that it depends on besides the sandbox, unless it changes with time.
  const inputs = [place, account, isNamed, placeholder];
  const isLasting = connections.length === 0 && !sandbox.stopsAt;
  const known = isLasting ? input.known.get(sandbox) : undefined;
  if (known && inputs.every((value, index) => value === known.inputs[index])) return known.spec;
  const connection = bestConnection(connections)?.phase;
  const id = idOf(place, account.id, sandbox.id);
  const spec: NodeSpec = {
    id,
    row: sandboxRow(sandbox, {
      placeholder,
      now: input.now,
      ...(connection && { connection }),
      ...(isNamed && { account }),
    }),
    // There is no sandbox yet that a command could be about.
    ...(placeholder ? {} : { target: { kind: 'sandbox', ref } }),
    ...collapsed(connections.map((state) => connectionSpec(id, state, input))),
  };
  if (isLasting) input.known.set(sandbox, { inputs, spec });
  return spec;
}

function connectionSpec(sandboxNode: string, state: ConnectionState, input: TreeInput): NodeSpec {
  const id = idOf(sandboxNode, 'connection', state.connectionId);
  const forwards = state.channels?.forwards ?? [];
  return {
    id,
    row: connectionRow(state, input),
    ...collapsed(
      forwards.map((forward) => ({
        id: idOf(id, 'forward', forward.target),
        row: forwardRow(forward),
        children: noChildren,
      })),
    ),
  };
}

/** Children to be shown when they are asked for; without any the row cannot be opened. */
function collapsed(children: readonly NodeSpec[]): Pick<NodeSpec, 'children' | 'expanded'> {
  return children.length > 0 ? { children, expanded: false } : { children: noChildren };
}

function messageSpec({ account }: AccountSandboxes, row: MessageRow | undefined): NodeSpec | undefined {
  if (!row) return undefined;
  const target = { kind: 'account', account } as const;
  const id = idOf('message', account.id, row.command ?? '');
  return { id, row, target, children: noChildren };
}

function withAccount({ account }: AccountSandboxes, row: MessageRow | undefined): MessageRow | undefined {
  if (!row) return undefined;
  const { label } = accountRow(account);
  return { ...row, description: row.description ? `${label}: ${row.description}` : label };
}

function idOf(...parts: string[]): string {
  return JSON.stringify(parts);
}
