/** What can be done to a sandbox's life: to which, and in which words. */
import * as vscode from 'vscode';
import type { Sandbox } from '../cloud/provider';
import type { SandboxChoice } from './pickItems';
import { isDeletable, isStartable, isStoppable, statusWord } from './presentation';
import { nameText } from './text';

export interface LifecycleAction extends SandboxChoice {
  /** Asks for the sandbox. */
  readonly question: () => string;
}

export const lifecycleActions = {
  start: {
    accepts: isStartable,
    question: () => vscode.l10n.t('Start which sandbox?'),
    none: () => vscode.l10n.t('No sandbox can be started now'),
  },
  stop: {
    accepts: isStoppable,
    question: () => vscode.l10n.t('Stop which sandbox?'),
    none: () => vscode.l10n.t('No sandbox can be stopped now'),
  },
  delete: {
    accepts: isDeletable,
    question: () => vscode.l10n.t('Delete which sandbox?'),
    none: () => vscode.l10n.t('No sandbox can be deleted now'),
  },
} satisfies Record<string, LifecycleAction>;

/** Says why an action does not accept a sandbox. */
export function refusalText({ name, status, isFixed }: Sandbox): string {
  return isFixed
    ? vscode.l10n.t('“{0}” is started, stopped and deleted where it runs, not from here.', nameText(name))
    : vscode.l10n.t('There is nothing to do: “{0}” is {1}.', nameText(name), statusWord(status));
}
