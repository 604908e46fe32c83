import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';
import type { SandboxList } from '../sandboxes/sandboxList';
import type { StateStore } from '../sandboxes/stateStore';
import { followAttention } from './attention';
import { contextKeys, viewId } from './ids';
import { SandboxTree, type SandboxTreeOptions } from './sandboxTree';
import type { TreeNode } from './treeNodes';
import type { Grouping } from './treeSnapshot';

const groupingKey = 'tree-grouping';

export interface SandboxViewOptions extends Omit<SandboxTreeOptions, 'grouping'> {
  readonly list: SandboxList;
  readonly state: StateStore;
}

/** The view that holds the tree: its badge, its filter and its grouping; and how often the clouds are asked for it. */
export class SandboxView implements Disposable {
  readonly #options: SandboxViewOptions;
  readonly #owned = new DisposableStore();
  readonly #tree: SandboxTree;
  readonly #view: vscode.TreeView<TreeNode>;

  constructor(options: SandboxViewOptions) {
    this.#options = options;
    const grouping = options.state.get(groupingKey) === 'status' ? 'status' : 'account';
    this.#tree = this.#owned.add(new SandboxTree({ ...options, grouping }));
    this.#view = this.#owned.add(vscode.window.createTreeView(viewId, { treeDataProvider: this.#tree }));
    this.#owned.add(options.list.onDidChange(() => this.#describe()));
    this.#owned.add(this.#view.onDidChangeVisibility(() => this.#followAttention()));
    this.#owned.add(vscode.window.onDidChangeWindowState(() => this.#followAttention()));
    void setContext(contextKeys.grouping, grouping);
    // The window keeps its keys when its extensions are started again; the filter begins anew.
    void setContext(contextKeys.filtered, false);
    this.#describe();
    this.#followAttention();
  }

  /**
   * The row that has the keyboard's focus, if one has; to be called for a key that was pressed in the tree. The editor
   * tells which row is selected, not which has the focus. So that one's selection is switched over, which shows which it
   * is, and back. To select it would not do: that runs the row's own command.
   */
  async focusedRow(): Promise<TreeNode | undefined> {
    const before = this.#view.selection;
    await switchFocusedSelection();
    const after = this.#view.selection;
    await switchFocusedSelection();
    const switched = [
      ...before.filter((row) => !after.includes(row)),
      ...after.filter((row) => !before.includes(row)),
    ];
    return switched.length === 1 ? switched[0] : undefined;
  }

  async group(grouping: Grouping): Promise<void> {
    this.#tree.grouping = grouping;
    await setContext(contextKeys.grouping, grouping);
    await this.#options.state.update(groupingKey, grouping);
  }

  /** Lets the person type what to look for; the tree follows each key. */
  async filter(): Promise<void> {
    const before = this.#tree.filterText;
    const box = vscode.window.createInputBox();
    box.title = vscode.l10n.t('Filter Sandboxes');
    box.prompt = vscode.l10n.t('Words of their names, images or states; nothing shows all');
    box.value = before;
    box.onDidChangeValue((text) => {
      this.#setFilter(text);
      const { shown, all } = this.#tree.count();
      box.prompt = vscode.l10n.t('{0} of {1} sandboxes', shown, all);
    });
    const isAccepted = await new Promise<boolean>((resolve) => {
      box.onDidAccept(() => resolve(true));
      box.onDidHide(() => resolve(false));
      box.show();
    });
    box.dispose();
    if (!isAccepted) this.#setFilter(before);
  }

  clearFilter(): void {
    this.#setFilter('');
  }

  /** Shows in the view that work is under way. */
  async whileBusy(work: () => Promise<void>): Promise<void> {
    await vscode.window.withProgress({ location: { viewId } }, work);
  }

  dispose(): void {
    this.#owned.dispose();
  }

  #setFilter(text: string): void {
    this.#tree.filterText = text;
    void setContext(contextKeys.filtered, this.#tree.filterText !== '');
    this.#describe();
  }

  #describe(): void {
    this.#describeFilter();
    const sandboxes = this.#options.list.accounts.flatMap((entry) => entry.sandboxes);
    const value = sandboxes.filter(({ status }) => status === 'running').length;
    if ((this.#view.badge?.value ?? 0) === value) return;
    const tooltip =
      value === 1 ? vscode.l10n.t('1 sandbox is running') : vscode.l10n.t('{0} sandboxes are running', value);
    this.#view.badge = value > 0 ? { value, tooltip } : undefined;
  }

  #describeFilter(): void {
    const message = this.#tree.filterText ? this.#filterMessage() : '';
    if ((this.#view.message ?? '') !== message) this.#view.message = message;
  }

  #filterMessage(): string {
    const { shown, all } = this.#tree.count();
    return vscode.l10n.t('Filter “{0}”: {1} of {2} sandboxes', this.#tree.filterText, shown, all);
  }

  #followAttention(): void {
    followAttention(this.#options.list, {
      isListVisible: this.#view.visible,
      isWindowFocused: vscode.window.state.focused,
      hasBadge: this.#view.badge !== undefined,
    });
  }
}

async function switchFocusedSelection(): Promise<void> {
  await vscode.commands.executeCommand('list.toggleSelection');
}

async function setContext(key: string, value: unknown): Promise<void> {
  await vscode.commands.executeCommand('setContext', key, value);
}
