import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';
import { commandIds, type CommandName } from './ids';
import { TreeNode, type CommandTarget } from './treeNodes';

/** A command's work. The target is the row of the tree that it was called from, if it was. */
export type CommandHandler = (target?: CommandTarget) => void | Promise<void>;

/**
 * Registers every command; the type makes sure that none is missing.
 * @param focusedRow finds the row of the tree that has the keyboard's focus, if one has
 */
export function registerCommands(
  handlers: Readonly<Record<CommandName, CommandHandler>>,
  focusedRow: () => Promise<TreeNode | undefined>,
): Disposable {
  const owned = new DisposableStore();
  for (const name of Object.keys(commandIds) as CommandName[]) {
    owned.add(
      vscode.commands.registerCommand(commandIds[name], async (argument: unknown) => {
        if (!isForFocusedRow(argument)) return handlers[name](targetOf(argument));
        const row = await focusedRow();
        if (row?.offers(argument.focusedRow)) await handlers[name](row.target);
        else if (argument.otherwise !== undefined) await vscode.commands.executeCommand(argument.otherwise);
      }),
    );
  }
  return owned;
}

/** What our key bindings pass; the editor tells them nothing of the row. */
interface ForFocusedRow {
  /** The word of a row's context value by which its menu has the same command. */
  readonly focusedRow: string;
  /** The editor's command that the key runs on other rows. By default it does nothing there, rather than to ask for a row. */
  readonly otherwise?: string;
}

function isForFocusedRow(argument: unknown): argument is ForFocusedRow {
  if (typeof argument !== 'object' || argument === null || !('focusedRow' in argument)) return false;
  const { focusedRow, otherwise } = argument as { readonly [Key in keyof ForFocusedRow]?: unknown };
  return typeof focusedRow === 'string' && ['string', 'undefined'].includes(typeof otherwise);
}

/** The row of the tree, or what it is about, that a command was called with. */
function targetOf(argument: unknown): CommandTarget | undefined {
  if (argument instanceof TreeNode) return argument.target;
  return isCommandTarget(argument) ? argument : undefined;
}

/** Other extensions and key bindings may pass anything. */
function isCommandTarget(argument: unknown): argument is CommandTarget {
  if (typeof argument !== 'object' || argument === null || !('kind' in argument)) return false;
  switch (argument.kind) {
    case 'account':
      return 'account' in argument;
    case 'sandbox':
      return 'ref' in argument;
    default:
      return false;
  }
}
