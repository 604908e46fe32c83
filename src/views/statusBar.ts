import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';
import type { Connections } from '../remote/connections';
import { otherWindowText, sandboxWindowText } from './connectionText';
import { commandIds, statusBarId } from './ids';

export interface StatusBarOptions {
  readonly connections: Connections;
  /** The sandbox that this window is open in, if it is. */
  readonly window: () => { readonly alias: string; readonly name: string } | undefined;
}

/** The item that shows the connection of this window. */
export class StatusBar implements Disposable {
  readonly #owned = new DisposableStore();
  readonly #options: StatusBarOptions;
  readonly #item: vscode.StatusBarItem;

  constructor(options: StatusBarOptions) {
    this.#options = options;
    const item = vscode.window.createStatusBarItem(statusBarId, vscode.StatusBarAlignment.Left, 10);
    this.#item = this.#owned.add(item);
    item.name = 'Cloud Sandboxes';
    item.command = commandIds.open;
    this.#owned.add(options.connections.onDidChange(() => this.#update()));
    this.#update();
    item.show();
  }

  dispose(): void {
    this.#owned.dispose();
  }

  #update(): void {
    const { connections } = this.#options;
    const window = this.#options.window();
    const { text, tooltip, warning } = window
      ? sandboxWindowText(window.name, connections.latest(window.alias))
      : otherWindowText(connections.all);
    this.#item.text = text;
    this.#item.tooltip = tooltip;
    this.#item.backgroundColor = warning
      ? new vscode.ThemeColor('statusBarItem.warningBackground')
      : undefined;
  }
}
