import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';
import { logFailure, type Logger } from '../base/logger';
import type { Connections } from '../remote/connections';
import type { EmptyWindows, WindowMemory } from '../remote/emptyWindows';
import type { BookEntry, SandboxBook } from '../remote/sandboxBook';
import { sandboxFacts } from '../remote/sandboxFacts';
import { WindowLink } from '../remote/windowLink';
import type { Account } from '../sandboxes/account';
import type { SandboxList } from '../sandboxes/sandboxList';
import { contextKeys } from './ids';
import { StatusBar } from './statusBar';
import { hostOfWindow, identifyWindow } from './window';

/** The sandbox that a window is open in. */
export interface WindowSandbox {
  readonly entry: BookEntry;
  /** As it was when the window found out: the person may have signed out since. Undefined if they had already. */
  readonly account: Account | undefined;
  readonly link: Pick<WindowLink, 'status'>;
}

export interface SandboxWindowOptions {
  readonly book: Pick<SandboxBook, 'find'>;
  readonly connections: Connections;
  readonly list: Pick<SandboxList, 'accounts' | 'onDidChange'>;
  readonly emptyWindows: EmptyWindows;
  /** This window's own. */
  readonly memory: WindowMemory;
  readonly log: Logger;
}

/** Finds out which sandbox this window is open in, and shows the link to it. Elsewhere it shows nothing. */
export class SandboxWindow implements Disposable {
  readonly #options: SandboxWindowOptions;
  readonly #owned = new DisposableStore();
  #sandbox: WindowSandbox | undefined;

  constructor(options: SandboxWindowOptions) {
    this.#options = options;
    // One that others opened without a folder does not tell where it is until something is open in it.
    this.#owned.add(vscode.workspace.onDidOpenTextDocument(() => this.#learn()));
  }

  /** Undefined if the window is open elsewhere, or does not know where. */
  get sandbox(): WindowSandbox | undefined {
    return this.#sandbox;
  }

  /** Called once, when the window starts. Rejects as the store of the state does. */
  async identify(): Promise<void> {
    const { emptyWindows, memory } = this.#options;
    this.#show(await identifyWindow(emptyWindows, memory));
  }

  dispose(): void {
    this.#owned.dispose();
  }

  #learn(): void {
    if (this.#sandbox) return;
    const { emptyWindows, memory, log } = this.#options;
    const sandbox = this.#show(hostOfWindow());
    if (!sandbox) return;
    const remembered = emptyWindows.remember(memory, sandbox.entry.alias);
    logFailure(log, 'Cannot remember the window’s sandbox', remembered);
  }

  #show(host: string | undefined): WindowSandbox | undefined {
    const { book, connections, list } = this.#options;
    const entry = host === undefined ? undefined : book.find(host);
    if (!entry || this.#sandbox) return this.#sandbox;
    const link = this.#owned.add(
      new WindowLink({
        alias: entry.alias,
        connections,
        facts: () => sandboxFacts(entry, list.accounts),
        onDidChangeFacts: list.onDidChange,
      }),
    );
    this.#owned.add(new StatusBar({ name: entry.name, link }));
    const account = list.accounts.find((known) => known.account.id === entry.accountId)?.account;
    this.#sandbox = { entry, account, link };
    void vscode.commands.executeCommand('setContext', contextKeys.inSandbox, true);
    return this.#sandbox;
  }
}
