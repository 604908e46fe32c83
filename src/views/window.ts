import * as vscode from 'vscode';
import { hostOfAuthority } from '../remote/authority';
import type { TargetWindow } from '../remote/openFlow';
import type { BookEntry, SandboxBook } from '../remote/sandboxBook';

/** The sandbox that this window is open in, if it is one of ours. */
export function sandboxOfWindow(book: Pick<SandboxBook, 'find'>): BookEntry | undefined {
  const { workspaceFile, workspaceFolders } = vscode.workspace;
  // A workspace that was not saved yet has a file without an authority; its folders have one.
  const authorities = [workspaceFile?.authority, workspaceFolders?.[0]?.uri.authority];
  const authority = authorities.find((candidate) => candidate);
  const host = authority === undefined ? undefined : hostOfAuthority(authority);
  return host === undefined ? undefined : book.find(host);
}

/** Where a sandbox is opened that nobody said a window for: never in place of what the person has open. */
export function preferredWindow(): TargetWindow {
  const { workspaceFile, workspaceFolders } = vscode.workspace;
  return workspaceFile || workspaceFolders?.length ? 'new' : 'this';
}

/** Remembers the folder that is open, so that the sandbox opens there next time. */
export async function rememberFolder(book: SandboxBook): Promise<void> {
  const sandbox = sandboxOfWindow(book);
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.path;
  if (sandbox && folder) await book.rememberFolder(sandbox.alias, folder);
}
