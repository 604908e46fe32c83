import * as vscode from 'vscode';
import { hostOfOpen } from '../remote/authority';
import type { EmptyWindows, WindowMemory } from '../remote/emptyWindows';
import type { TargetWindow } from '../remote/openFlow';
import type { SandboxBook } from '../remote/sandboxBook';

/** The SSH host that this window is open on, where something that is open in it tells. */
export function hostOfWindow(): string | undefined {
  const { workspaceFile, workspaceFolders = [], textDocuments } = vscode.workspace;
  return hostOfOpen({
    workspaceFile,
    folders: workspaceFolders.map(({ uri }) => uri),
    documents: textDocuments.map(({ uri }) => uri),
  });
}

/**
 * The same, also where nothing is open: then as far as the window was opened by us. Rejects as the store does.
 * @param memory of this window
 */
export async function identifyWindow(
  emptyWindows: Pick<EmptyWindows, 'identify'>,
  memory: WindowMemory,
): Promise<string | undefined> {
  return hostOfWindow() ?? (isEmptySshWindow() ? await emptyWindows.identify(memory) : undefined);
}

/** Whether Remote-SSH opened this window without a folder: the stable API then does not say where. */
export function isEmptySshWindow(): boolean {
  return isEmptyWindow() && vscode.env.remoteName === 'ssh-remote';
}

/** Where a sandbox is opened that nobody said a window for: never in place of what the person has open. */
export function preferredWindow(): TargetWindow {
  return isEmptyWindow() ? 'this' : 'new';
}

/** Remembers the folder that is open, so that the sandbox opens there next time. */
export async function rememberFolder(book: SandboxBook): Promise<void> {
  const host = hostOfWindow();
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.path;
  if (host !== undefined && folder && book.find(host)) await book.rememberFolder(host, folder);
}

function isEmptyWindow(): boolean {
  const { workspaceFile, workspaceFolders } = vscode.workspace;
  return !workspaceFile && !workspaceFolders?.length;
}
