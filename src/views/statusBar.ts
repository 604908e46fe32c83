import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';
import type { WindowLink } from '../remote/windowLink';
import { linkText, type StatusText } from './connectionText';
import { commandIds, statusBarId } from './ids';

export interface StatusBarOptions {
  /** What the sandbox is called. */
  readonly name: string;
  readonly link: Pick<WindowLink, 'status' | 'onDidChange'>;
}

const colors: Readonly<Record<StatusText['severity'], string | undefined>> = {
  none: undefined,
  warning: 'statusBarItem.warningBackground',
  error: 'statusBarItem.errorBackground',
};

/** The item that shows how a window is connected to the sandbox that it is open in. Other windows have none. */
export class StatusBar implements Disposable {
  readonly #owned = new DisposableStore();
  readonly #options: StatusBarOptions;
  readonly #item: vscode.StatusBarItem;

  constructor(options: StatusBarOptions) {
    this.#options = options;
    const item = vscode.window.createStatusBarItem(statusBarId, vscode.StatusBarAlignment.Left, 10);
    this.#item = this.#owned.add(item);
    item.name = vscode.l10n.t('Connection to the Sandbox');
    item.command = commandIds.connectionActions;
    this.#owned.add(options.link.onDidChange(() => this.#update()));
    this.#update();
    item.show();
  }

  dispose(): void {
    this.#owned.dispose();
  }

  #update(): void {
    const { text, tooltip, spoken, severity } = linkText(this.#options.name, this.#options.link.status);
    const color = colors[severity];
    this.#item.text = text;
    // A string, never Markdown: it holds text from clouds.
    this.#item.tooltip = tooltip;
    this.#item.accessibilityInformation = { label: spoken, role: 'button' };
    this.#item.backgroundColor = color === undefined ? undefined : new vscode.ThemeColor(color);
  }
}
