import { DisposableStore, type Disposable } from '../base/disposable';
import { logFailure, type Logger } from '../base/logger';
import type { SandboxList, SandboxListing } from '../sandboxes/sandboxList';
import type { SandboxBook } from './sandboxBook';
import type { SshAccess } from './sshAccess';

export interface DeletedSandboxesOptions {
  readonly list: Pick<SandboxList, 'onDidList'>;
  readonly book: Pick<SandboxBook, 'ofAccount'>;
  readonly ssh: Pick<SshAccess, 'forget'>;
  readonly log: Logger;
}

/**
 * Forgets sandboxes that were deleted elsewhere: their keys and SSH entries. That happens when two complete lists of
 * their cloud in a row are without them, so that one list with a gap costs nothing. What
 * the user's own files have for all sandboxes stays: nothing changes those without the person.
 */
export class DeletedSandboxes implements Disposable {
  readonly #options: DeletedSandboxesOptions;
  readonly #owned = new DisposableStore();
  /** By account, the aliases that its last list was without. */
  readonly #missing = new Map<string, ReadonlySet<string>>();
  /** Once in each window is enough: what fails would fail, and be logged, at every poll. */
  readonly #tried = new Set<string>();

  constructor(options: DeletedSandboxesOptions) {
    this.#options = options;
    this.#owned.add(options.list.onDidList((listing) => this.#compare(listing)));
  }

  dispose(): void {
    this.#owned.dispose();
  }

  #compare({ account, sandboxes }: SandboxListing): void {
    const { book, log } = this.#options;
    const listed = new Set(sandboxes.map(({ id }) => id));
    const missing = book.ofAccount(account.id).filter(({ sandboxId }) => !listed.has(sandboxId));
    const before = this.#missing.get(account.id);
    const aliases = missing.map(({ alias }) => alias);
    this.#missing.set(account.id, new Set(aliases));
    const gone = aliases.filter((alias) => before?.has(alias) && !this.#tried.has(alias));
    for (const alias of gone) this.#tried.add(alias);
    if (gone.length > 0) logFailure(log, 'Cannot forget a deleted sandbox', this.#forget(gone));
  }

  async #forget(aliases: readonly string[]): Promise<void> {
    const { log, ssh } = this.#options;
    for (const alias of aliases) {
      await ssh.forget(alias);
      log.info(`Forgot ${alias}: its sandbox is gone from the cloud`);
    }
  }
}
