import { DisposableStore, type Disposable } from '../base/disposable';
import { logFailure, type Logger } from '../base/logger';
import { isTokenKey, type AccountStore } from './accountStore';
import type { Event } from './emitter';

/** Tells of a file, whoever changes it. Fits `vscode.FileSystemWatcher`. */
export interface FileWatcher {
  readonly onDidCreate: Event<unknown>;
  readonly onDidChange: Event<unknown>;
  readonly onDidDelete: Event<unknown>;
}

export interface OtherWindowsOptions {
  readonly accounts: Pick<AccountStore, 'reload' | 'recheck'>;
  /** Of the file that the accounts are listed in. */
  readonly stateFile: FileWatcher;
  /** When any window stored or deleted a secret, and this one can see that. */
  readonly onDidChangeSecret: Event<{ readonly key: string }>;
  /** When the person comes to this window, or leaves it. */
  readonly onDidChangeFocus: Event<{ readonly focused: boolean }>;
  readonly log: Logger;
}

/**
 * Takes in what other windows do to the accounts: the file tells which come and go, the secrets when one has another
 * token. Either may be missed, so it looks again when the person comes here. Dispose of the result to stop.
 */
export function followOtherWindows(options: OtherWindowsOptions): Disposable {
  const { accounts, stateFile, onDidChangeSecret, onDidChangeFocus, log } = options;
  const follow = (done: Promise<void>): void => logFailure(log, 'Cannot see what other windows did', done);
  const owned = new DisposableStore();
  for (const event of [stateFile.onDidCreate, stateFile.onDidChange, stateFile.onDidDelete]) {
    owned.add(event(() => follow(accounts.reload())));
  }
  owned.add(onDidChangeSecret(({ key }) => isTokenKey(key) && follow(accounts.recheck())));
  owned.add(onDidChangeFocus(({ focused }) => focused && follow(accounts.recheck())));
  return owned;
}
