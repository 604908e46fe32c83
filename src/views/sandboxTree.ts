import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';
import type { ConnectionPhase } from '../broker/protocol';
import type { Account } from '../sandboxes/account';
import type { AccountSandboxes, SandboxList, SandboxRef } from '../sandboxes/sandboxList';
import { commandIds } from './ids';
import { accountMessage, accountRow, sandboxRow, type MessageRow, type Row } from './presentation';

/** What a command called from the tree is about. */
export type CommandTarget =
  | { readonly kind: 'account'; readonly account: Account }
  | { readonly kind: 'sandbox'; readonly ref: SandboxRef };

/** A row of the tree. Menus pass it to commands as their argument. */
export type TreeNode =
  | { readonly kind: 'account'; readonly account: Account }
  | { readonly kind: 'sandbox'; readonly ref: SandboxRef; readonly row: Row }
  | { readonly kind: 'message'; readonly entry: AccountSandboxes; readonly row: MessageRow };

export interface SandboxTreeOptions {
  readonly list: SandboxList;
  /** State of the connection to a sandbox, if there is one. */
  readonly connectionOf: (ref: SandboxRef) => ConnectionPhase | undefined;
  readonly onDidChangeConnections: (listener: () => void) => Disposable;
}

/** The side bar's tree: accounts, and under each its sandboxes and what there is to say about the account. */
export class SandboxTree implements vscode.TreeDataProvider<TreeNode>, Disposable {
  readonly #options: SandboxTreeOptions;
  readonly #owned = new DisposableStore();
  readonly #changed = this.#owned.add(new vscode.EventEmitter<undefined>());
  #shown = '';

  readonly onDidChangeTreeData = this.#changed.event;

  constructor(options: SandboxTreeOptions) {
    this.#options = options;
    this.#owned.add(options.list.onDidChange(() => this.#update()));
    this.#owned.add(options.onDidChangeConnections(() => this.#update()));
  }

  getChildren(node?: TreeNode): TreeNode[] {
    const { accounts } = this.#options.list;
    if (!node) return accounts.map(({ account }) => ({ kind: 'account', account }));
    if (node.kind !== 'account') return [];
    const entry = accounts.find(({ account }) => account.id === node.account.id);
    return entry ? this.#childrenOf(entry) : [];
  }

  getTreeItem(node: TreeNode): vscode.TreeItem {
    if (node.kind === 'account') {
      const item = itemOf(accountRow(node.account), JSON.stringify([node.account.id]));
      item.collapsibleState = vscode.TreeItemCollapsibleState.Expanded;
      return item;
    }
    const { row } = node;
    if (node.kind === 'sandbox') {
      const { account, sandbox } = node.ref;
      return itemOf(row, JSON.stringify([account.id, 'sandbox', sandbox.id]));
    }
    const { account, phase } = node.entry;
    const item = itemOf(row, JSON.stringify([account.id, 'message', phase]));
    const argument: CommandTarget = { kind: 'account', account };
    if (node.row.command) {
      item.command = { command: commandIds[node.row.command], title: row.label, arguments: [argument] };
    }
    return item;
  }

  dispose(): void {
    this.#owned.dispose();
  }

  #childrenOf(entry: AccountSandboxes): TreeNode[] {
    const { list, connectionOf } = this.#options;
    const message = accountMessage(entry);
    const nodes: TreeNode[] = message ? [{ kind: 'message', entry, row: message }] : [];
    for (const sandbox of entry.sandboxes) {
      const ref = { account: entry.account, sandbox };
      const connection = connectionOf(ref);
      const placeholder = list.isPlaceholder(sandbox);
      nodes.push({
        kind: 'sandbox',
        ref,
        row: sandboxRow(sandbox, { placeholder, ...(connection && { connection }) }),
      });
    }
    return nodes;
  }

  /** Redraws only what looks different: each poll reports, and a redraw closes hovers and menus. */
  #update(): void {
    const rows = this.#options.list.accounts.map((entry) => [
      accountRow(entry.account),
      this.#childrenOf(entry).map((node) => ('row' in node ? [node.row, node.kind] : [])),
    ]);
    const shown = JSON.stringify(rows);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#changed.fire(undefined);
  }
}

function itemOf(row: Row, id: string): vscode.TreeItem {
  const item = new vscode.TreeItem(row.label);
  item.id = id;
  item.description = row.description;
  // A string, never Markdown: it holds text from clouds.
  item.tooltip = row.tooltip || `${row.label} ${row.description}`;
  const color = row.icon.color === undefined ? undefined : new vscode.ThemeColor(row.icon.color);
  item.iconPath = new vscode.ThemeIcon(row.icon.id, color);
  item.contextValue = row.context;
  item.accessibilityInformation = { label: `${row.label}, ${row.description}` };
  return item;
}
