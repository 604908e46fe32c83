import * as vscode from 'vscode';
import type { DisposableStore } from '../base/disposable';
import type { Connections } from '../remote/connections';
import type { BookEntry, SandboxBook } from '../remote/sandboxBook';
import { sandboxFacts } from '../remote/sandboxFacts';
import { WindowLink } from '../remote/windowLink';
import type { SandboxList } from '../sandboxes/sandboxList';
import { contextKeys } from './ids';
import { StatusBar } from './statusBar';
import { sandboxOfWindow } from './window';

/** A window that is open in a sandbox. */
export interface SandboxWindow {
  readonly entry: BookEntry;
  readonly link: Pick<WindowLink, 'status'>;
}

export interface SandboxWindowOptions {
  readonly book: Pick<SandboxBook, 'find'>;
  readonly connections: Connections;
  readonly list: Pick<SandboxList, 'accounts' | 'onDidChange'>;
}

/** Shows the link to the sandbox that this window is open in; undefined, and nothing shown, if it is in none. */
export function followSandboxWindow(
  owned: DisposableStore,
  { book, connections, list }: SandboxWindowOptions,
): SandboxWindow | undefined {
  const entry = sandboxOfWindow(book);
  void vscode.commands.executeCommand('setContext', contextKeys.inSandbox, entry !== undefined);
  if (!entry) return undefined;
  const link = owned.add(
    new WindowLink({
      alias: entry.alias,
      connections,
      facts: () => sandboxFacts(entry, list.accounts),
      onDidChangeFacts: list.onDidChange,
    }),
  );
  owned.add(new StatusBar({ name: entry.name, link }));
  return { entry, link };
}
