import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';
import { installedRemoteSsh } from '../remote/remoteSshFamily';
import { isLocal } from '../sandboxes/account';
import type { AccountStore } from '../sandboxes/accountStore';
import { contextKeys } from './ids';

export interface ContextKeysOptions {
  readonly accounts: Pick<AccountStore, 'list' | 'onDidChange'>;
  readonly canOpenRemotes: boolean;
  readonly isListReadable: boolean;
}

/** Tells the editor's menus, welcome views and walkthrough how things are. */
export class ContextKeys implements Disposable {
  readonly #options: ContextKeysOptions;
  readonly #owned = new DisposableStore();
  readonly #set = new Map<string, unknown>();

  constructor(options: ContextKeysOptions) {
    this.#options = options;
    this.#owned.add(
      options.accounts.onDidChange(() => {
        // A change that we know of means that the list was read.
        this.#update(contextKeys.listUnreadable, false);
        this.#updateAccounts();
      }),
    );
    this.#owned.add(vscode.extensions.onDidChange(() => this.#updateRemoteSsh()));
    this.#update(contextKeys.listUnreadable, !options.isListReadable);
    this.#updateAccounts();
    this.#updateRemoteSsh();
  }

  dispose(): void {
    this.#owned.dispose();
  }

  #updateAccounts(): void {
    const hasCloud = this.#options.accounts.list().some((account) => !isLocal(account));
    this.#update(contextKeys.hasCloud, hasCloud);
  }

  #updateRemoteSsh(): void {
    const isInstalled = (id: string): boolean => vscode.extensions.getExtension(id) !== undefined;
    const local = installedRemoteSsh(isInstalled) ? 'installed' : 'missing';
    this.#update(contextKeys.remoteSsh, this.#options.canOpenRemotes ? local : 'unavailable');
  }

  #update(key: string, value: unknown): void {
    if (this.#set.get(key) === value) return;
    this.#set.set(key, value);
    void vscode.commands.executeCommand('setContext', key, value);
  }
}
