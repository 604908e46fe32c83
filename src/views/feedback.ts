import * as vscode from 'vscode';
import { describeError, describeErrorChain } from '../base/errors';
import type { Logger } from '../base/logger';
import type { Progress } from '../remote/sandboxOpener';
import { commandIds, type CommandName } from './ids';
import { nextSteps, type ErrorSubject, type NextStepKind } from './nextSteps';
import { messageText } from './text';
import type { CommandTarget } from './treeNodes';

/** Runs work under a notification that can cancel it. */
export async function withProgress<T>(title: string, work: (progress: Progress) => Promise<T>): Promise<T> {
  const options = {
    location: vscode.ProgressLocation.Notification,
    title: messageText(title),
    cancellable: true,
  };
  return vscode.window.withProgress(options, async (progress, token) => {
    const controller = new AbortController();
    const listener = token.onCancellationRequested(() => controller.abort(new vscode.CancellationError()));
    try {
      return await work({
        signal: controller.signal,
        report: (step) => progress.report({ message: messageText(step) }),
      });
    } finally {
      listener.dispose();
    }
  });
}

/** Runs work under a notification without a button to cancel it: work that is short, or must not be left half done. */
export async function withFixedProgress<T>(title: string, work: () => PromiseLike<T>): Promise<T> {
  const options = { location: vscode.ProgressLocation.Notification, title: messageText(title) };
  return vscode.window.withProgress(options, work);
}

/** A button, and what it does. */
export interface NextStep {
  readonly title: string;
  readonly run: () => unknown;
}

export interface ErrorContext extends ErrorSubject {
  /** Steps that only the caller knows of; they come first. */
  readonly steps?: readonly NextStep[];
}

/**
 * Says that something failed, with the steps that help as buttons: those of the caller, then those that the error
 * itself suggests. What the person cancelled is not an error. Resolves when the message is answered or gone.
 */
export async function showError(
  what: string,
  error: unknown,
  log: Logger,
  context: ErrorContext = {},
): Promise<void> {
  if (error instanceof vscode.CancellationError) return;
  log.error(`${what}: ${describeErrorChain(error)}`);
  const suggested = nextSteps(error, context).map((kind) => stepOf(kind, context));
  const message = messageText(`${what}: ${describeError(error)}`);
  await offerSteps(vscode.window.showErrorMessage, message, [...(context.steps ?? []), ...suggested]);
}

/** Says what was done, and notes it in the log. It has a button because the editor cuts a message without one to a line. */
export function showDone(message: string, log: Logger): void {
  log.info(message);
  const steps = [commandStep(vscode.l10n.t('Show Log'), 'showLog')];
  void offerSteps(vscode.window.showInformationMessage, messageText(message), steps);
}

type ShowMessage = (message: string, ...titles: string[]) => Thenable<string | undefined>;

/** Shows a message whose buttons do what they say. Resolves when it is answered or gone. */
export async function offerSteps(
  show: ShowMessage,
  message: string,
  steps: readonly NextStep[],
): Promise<void> {
  const chosen = await show(message, ...steps.map(({ title }) => title));
  await steps.find(({ title }) => title === chosen)?.run();
}

/** The step that runs one of our commands, as if it had been called from a row of the tree. */
export function commandStep(title: string, command: CommandName, target?: CommandTarget): NextStep {
  return { title, run: () => vscode.commands.executeCommand(commandIds[command], target) };
}

function stepOf(kind: NextStepKind, { account, retry }: ErrorSubject): NextStep {
  switch (kind) {
    case 'signIn':
      return commandStep(vscode.l10n.t('Sign In Again'), 'signIn', account && { kind: 'account', account });
    case 'startLocalCloud':
      return commandStep(vscode.l10n.t('Start Local Cloud'), 'useLocalCloud');
    case 'retry':
      return { title: vscode.l10n.t('Retry'), run: () => retry?.() };
    case 'showLog':
      return commandStep(vscode.l10n.t('Show Log'), 'showLog');
  }
}
