import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';
import { commandIds, type CommandName } from './ids';
import type { CommandTarget } from './sandboxTree';

/** A command's work. The target is the row of the tree that it was called from, if it was. */
export type CommandHandler = (target?: CommandTarget) => void | Promise<void>;

/** Registers every command; the type makes sure that none is missing. */
export function registerCommands(handlers: Readonly<Record<CommandName, CommandHandler>>): Disposable {
  const owned = new DisposableStore();
  for (const name of Object.keys(commandIds) as CommandName[]) {
    owned.add(
      vscode.commands.registerCommand(commandIds[name], (argument: unknown) =>
        handlers[name](isCommandTarget(argument) ? argument : undefined),
      ),
    );
  }
  return owned;
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
