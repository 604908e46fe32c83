import * as vscode from 'vscode';
import { settlesWithin } from '../base/async';
import { DisposableStore, type Disposable } from '../base/disposable';
import type { Logger } from '../base/logger';
import type { ConnectionState } from '../broker/protocol';
import type { Connections } from '../remote/connections';
import type { SandboxBook } from '../remote/sandboxBook';
import type { Lifecycle } from '../sandboxes/lifecycle';
import type { SandboxList, SandboxRef } from '../sandboxes/sandboxList';
import { showError } from './feedback';
import { statusWord } from './presentation';
import { nameText } from './text';

/** ssh(1), "Exit status": an error occurred. */
const SSH_FAILED = 255;
/** The ends of a terminal, of its connection and of its sandbox are told at different times, so far apart at most. */
const BELONGS_MS = 10_000;
/** For asking the cloud what became of the sandbox. */
const LOOK_MS = 5_000;

export interface LostTerminalsOptions {
  readonly connections: Connections;
  readonly book: SandboxBook;
  readonly list: SandboxList;
  readonly lifecycle: Lifecycle;
  /** This window's own id. */
  readonly windowId: string;
  readonly log: Logger;
}

interface Followed {
  readonly ref: SandboxRef;
  readonly reopen: () => unknown;
}

interface Loss {
  readonly alias: string;
  /** Untrusted text. Absent where the connection knows no more than that its ssh has ended, as with its shell. */
  readonly detail: string | undefined;
  readonly at: number;
}

/**
 * Says why a sandbox's terminal has ended when its connection was lost, and offers another one: the editor knows no more
 * than the exit code of ssh. Says nothing where the person stopped or deleted the sandbox in this window.
 */
export class LostTerminals implements Disposable {
  readonly #options: LostTerminalsOptions;
  readonly #owned = new DisposableStore();
  /** By the options that the editor made the terminal of. */
  readonly #followed = new WeakMap<object, Followed>();
  /** Those that no terminal has ended of yet, the latest last. */
  #losses: readonly Loss[] = [];

  constructor(options: LostTerminalsOptions) {
    this.#options = options;
    this.#owned.add(options.connections.onDidChange((state) => this.#note(state)));
    this.#owned.add(vscode.window.onDidCloseTerminal((terminal) => void this.#explain(terminal)));
  }

  /** Watches over the terminal that the editor makes of these options. */
  follow(options: vscode.TerminalOptions, ref: SandboxRef, reopen: () => unknown): void {
    this.#followed.set(options, { ref, reopen });
  }

  dispose(): void {
    this.#owned.dispose();
  }

  #note({ phase, windowId, alias, detail }: ConnectionState): void {
    if (phase !== 'closed' || windowId !== this.#options.windowId) return;
    this.#losses = [...this.#fresh(), { alias, detail, at: Date.now() }];
  }

  async #explain(terminal: vscode.Terminal): Promise<void> {
    const followed = this.#followed.get(terminal.creationOptions);
    if (!followed || terminal.exitStatus?.code !== SSH_FAILED) return;
    const { ref, reopen } = followed;
    const { book, lifecycle, log } = this.#options;
    if (lifecycle.hasEnded(ref, BELONGS_MS)) return;
    const what = vscode.l10n.t('Lost the terminal in “{0}”', nameText(ref.sandbox.name));
    const became = await this.#whatBecameOf(ref);
    // Where its shell's end came first, ssh ends before its connection does.
    const loss = this.#take(book.aliasOf(ref.account.id, ref.sandbox.id));
    const why = became ?? loss?.detail;
    if (why === undefined) return;
    const steps = [{ title: vscode.l10n.t('Open Terminal'), run: reopen }];
    await showError(what, new Error(why), log, { steps });
  }

  /** In words, if it is that which ended the terminal: what ran in it was killed, and nobody could tell why. */
  async #whatBecameOf({ account, sandbox }: SandboxRef): Promise<string | undefined> {
    const { list } = this.#options;
    await settlesWithin(list.refresh(account.id), LOOK_MS);
    const isAnswered = list.accounts.some(
      (known) => known.account.id === account.id && known.phase === 'ready',
    );
    // Where the person signed out, or the cloud cannot be reached, that is what the loss is about.
    if (!isAnswered) return undefined;
    const current = list.find(account.id, sandbox.id);
    if (!current) return vscode.l10n.t('The sandbox is not there any more.');
    const { status } = current.sandbox;
    const isKnown = status !== 'running' && status !== 'unknown';
    return isKnown ? vscode.l10n.t('The sandbox is {0}.', statusWord(status)) : undefined;
  }

  #take(alias: string | undefined): Loss | undefined {
    const losses = this.#fresh();
    const loss = losses.find((each) => each.alias === alias);
    this.#losses = losses.filter((each) => each !== loss);
    return loss;
  }

  #fresh(): readonly Loss[] {
    const since = Date.now() - BELONGS_MS;
    return this.#losses.filter(({ at }) => at >= since);
  }
}
