import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';
import { commandIds, type CommandName } from './ids';
import { TreeNode, type CommandTarget } from './treeNodes';

/** A command's work. The target is the row of the tree that it was called from, if it was. */
export type CommandHandler = (target?: CommandTarget) => void | Promise<void>;

/**
 * Registers every command; the type makes sure that none is missing.
 * @param selected what the tree's selected row is about
 */
export function registerCommands(
  handlers: Readonly<Record<CommandName, CommandHandler>>,
  selected: () => CommandTarget | undefined,
): Disposable {
  const owned = new DisposableStore();
  for (const name of Object.keys(commandIds) as CommandName[]) {
    owned.add(
      vscode.commands.registerCommand(commandIds[name], (argument: unknown) => {
        if (!isForSelection(argument)) return handlers[name](targetOf(argument));
        const target = selected();
        // A key that was pressed on another kind of row does nothing, rather than to ask what it was meant for.
        return target?.kind === argument.selected ? handlers[name](target) : undefined;
      }),
    );
  }
  return owned;
}

/** What our key bindings pass: the kind of row on which they work. The editor tells them nothing of the row. */
interface ForSelection {
  readonly selected: CommandTarget['kind'];
}

function isForSelection(argument: unknown): argument is ForSelection {
  return typeof argument === 'object' && argument !== null && 'selected' in argument;
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
