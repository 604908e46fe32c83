import * as vscode from 'vscode';
import { DisposableStore } from '../base/disposable';
import { createDeferred } from '../base/async';

/** How a step of several ended: with a value, one step back, or given up (undefined). */
export type StepAnswer<T> = { readonly value: T } | 'back' | undefined;

interface StepInput extends vscode.QuickInput {
  buttons: readonly vscode.QuickInputButton[];
  readonly onDidAccept: vscode.Event<void>;
  readonly onDidTriggerButton: vscode.Event<vscode.QuickInputButton>;
}

/**
 * Shows an input until the person is through with it, and disposes of it.
 * @param read the value that was accepted; undefined if that is not one, and the input stays
 */
export async function askStep<I extends StepInput, T>(
  input: I,
  { canGoBack, read }: { readonly canGoBack: boolean; readonly read: (input: I) => T | undefined },
): Promise<StepAnswer<T>> {
  const owned = new DisposableStore();
  owned.add(input);
  const answer = createDeferred<StepAnswer<T>>();
  if (canGoBack) input.buttons = [vscode.QuickInputButtons.Back];
  owned.add(
    input.onDidAccept(() => {
      const value = read(input);
      if (value !== undefined) answer.resolve({ value });
    }),
  );
  owned.add(input.onDidTriggerButton(() => answer.resolve('back')));
  owned.add(input.onDidHide(() => answer.resolve(undefined)));
  input.show();
  try {
    return await answer.promise;
  } finally {
    owned.dispose();
  }
}
