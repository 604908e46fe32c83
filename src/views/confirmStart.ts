import * as vscode from 'vscode';
import type { StartConsequence } from '../cloud/provider';
import { messageText, nameText } from './text';

/** Asks whether another sandbox may be paused for one to start. Rejects with a CancellationError if not. */
export async function confirmStart({ running, mayPause }: StartConsequence): Promise<void> {
  const name = nameText(mayPause.name);
  const message = messageText(vscode.l10n.t('“{0}” may be paused. Go on?', name));
  const detail = vscode.l10n.t(
    'Sandboxes that run already: {0}. This cloud lets only so many run at once, does not tell how many, and pauses the oldest to start another one. What runs in a sandbox ends when it is paused.',
    running,
  );
  const confirm = vscode.l10n.t('Go On');
  const chosen = await vscode.window.showWarningMessage(message, { modal: true, detail }, confirm);
  if (chosen !== confirm) throw new vscode.CancellationError();
}
