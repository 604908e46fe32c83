import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';
import type { ConnectionState } from '../broker/protocol';
import type { SandboxList, SandboxRef } from '../sandboxes/sandboxList';
import { commandIds } from './ids';
import { Redraws } from './redraws';
import { createFilter } from './treeFilter';
import type { TreeNode } from './treeNodes';
import { mergeNodes } from './treeNodes';
import { countMatches, treeSnapshot, type Grouping, type KnownSandboxes } from './treeSnapshot';

export type { CommandTarget } from './treeNodes';

export interface SandboxTreeOptions {
  readonly list: Pick<SandboxList, 'accounts' | 'isPlaceholder' | 'onDidChange'>;
  /** Open connections to a sandbox. */
  readonly connectionsOf: (ref: SandboxRef) => readonly ConnectionState[];
  readonly onDidChangeConnections: (listener: () => void) => Disposable;
  /** This window's own id, as its terminals have it. */
  readonly windowId: string;
  readonly grouping: Grouping;
}

/** The side bar's tree. Redraws only what changed: a redraw costs, and closes hovers and menus. */
export class SandboxTree implements vscode.TreeDataProvider<TreeNode>, Disposable {
  readonly #options: SandboxTreeOptions;
  readonly #owned = new DisposableStore();
  readonly #redraw = this.#owned.add(new vscode.EventEmitter<TreeNode[] | undefined>());
  readonly #redraws = this.#owned.add(
    new Redraws<TreeNode>((nodes) => this.#redraw.fire(nodes && [...nodes])),
  );
  readonly #known: KnownSandboxes = new WeakMap();
  #roots: readonly TreeNode[] = [];
  #grouping: Grouping;
  #filterText = '';

  readonly onDidChangeTreeData = this.#redraw.event;

  constructor(options: SandboxTreeOptions) {
    this.#options = options;
    this.#grouping = options.grouping;
    this.#owned.add(options.list.onDidChange(() => this.#update()));
    this.#owned.add(options.onDidChangeConnections(() => this.#update()));
    this.#update();
  }

  get grouping(): Grouping {
    return this.#grouping;
  }

  set grouping(grouping: Grouping) {
    this.#grouping = grouping;
    this.#update();
  }

  /** What a person typed to see fewer sandboxes; empty for all. */
  get filterText(): string {
    return this.#filterText;
  }

  set filterText(text: string) {
    this.#filterText = text.trim();
    this.#update();
  }

  /** How many sandboxes the filter leaves, of how many. */
  count(): { readonly shown: number; readonly all: number } {
    return countMatches({ accounts: this.#options.list.accounts, filter: createFilter(this.#filterText) });
  }

  getChildren(node?: TreeNode): TreeNode[] {
    this.#redraws.answered(node);
    return [...(node ? node.children : this.#roots)];
  }

  getTreeItem({ id, row, target, expanded }: TreeNode): vscode.TreeItem {
    const item = new vscode.TreeItem(row.label, collapsibleState(expanded));
    item.id = id;
    item.description = row.description;
    item.iconPath = new vscode.ThemeIcon(
      row.icon.id,
      row.icon.color === undefined ? undefined : new vscode.ThemeColor(row.icon.color),
    );
    item.contextValue = row.context;
    item.accessibilityInformation = { label: `${row.label}, ${row.description}` };
    if (row.command) {
      item.command = {
        command: commandIds[row.command],
        title: row.label,
        arguments: target ? [target] : [],
      };
    }
    return item;
  }

  /** Tooltips are asked for one at a time; with all of them at once, a long list would be several times the size. */
  resolveTreeItem(item: vscode.TreeItem, { row }: TreeNode): vscode.TreeItem {
    // A string, never Markdown: it holds text from clouds.
    item.tooltip = row.tooltip();
    return item;
  }

  dispose(): void {
    this.#owned.dispose();
  }

  #update(): void {
    const { list, connectionsOf, windowId } = this.#options;
    const specs = treeSnapshot({
      accounts: list.accounts,
      isPlaceholder: (sandbox) => list.isPlaceholder(sandbox),
      connectionsOf,
      grouping: this.#grouping,
      filter: createFilter(this.#filterText),
      known: this.#known,
      windowId,
      now: Date.now(),
    });
    const changed: TreeNode[] = [];
    const roots = mergeNodes(this.#roots, specs, changed);
    const isSame = roots === this.#roots;
    this.#roots = roots;
    if (!isSame) this.#redraws.draw(undefined);
    else if (changed.length > 0) this.#redraws.draw(changed);
  }
}

function collapsibleState(expanded: boolean | undefined): vscode.TreeItemCollapsibleState {
  if (expanded === undefined) return vscode.TreeItemCollapsibleState.None;
  return expanded ? vscode.TreeItemCollapsibleState.Expanded : vscode.TreeItemCollapsibleState.Collapsed;
}
