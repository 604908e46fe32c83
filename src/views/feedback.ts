import * as vscode from 'vscode';
import { describeError, describeErrorChain } from '../base/errors';
import type { Logger } from '../base/logger';
import { cloudErrorCode } from '../cloud/errors';
import type { Progress } from '../remote/sandboxOpener';
import { commandIds } from './ids';
import { messageText } from './text';

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

/** Says that something failed, with the step that helps. What the person cancelled is not an error. */
export async function showError(what: string, error: unknown, log: Logger): Promise<void> {
  if (error instanceof vscode.CancellationError) return;
  log.error(`${what}: ${describeErrorChain(error)}`);
  const steps = [
    ...(cloudErrorCode(error) === 'unauthenticated'
      ? [{ title: 'Add Cloud', command: commandIds.addCloud }]
      : []),
    { title: 'Show Log', command: commandIds.showLog },
  ];
  const message = messageText(`${what}: ${describeError(error)}`);
  const chosen = await vscode.window.showErrorMessage(message, ...steps);
  if (chosen) await vscode.commands.executeCommand(chosen.command);
}
