import { describeError } from '../base/errors';
import type { Logger } from '../base/logger';
import type { CloudClient } from '../cloud/provider';
import type { Account } from '../sandboxes/account';
import type { Lifecycle } from '../sandboxes/lifecycle';
import type { SandboxRef } from '../sandboxes/sandboxList';
import { authorityOf } from './authority';
import { probeFolder } from './folder';
import type { SandboxBook } from './sandboxBook';
import type { SshAccess } from './sshAccess';

export interface RemoteFolder {
  /** Such as `ssh-remote+<alias>`. */
  readonly authority: string;
  /** Absolute path. */
  readonly path: string;
}

export interface SandboxOpenerOptions {
  readonly book: SandboxBook;
  readonly lifecycle: Pick<Lifecycle, 'ensureRunning'>;
  readonly ssh: SshAccess;
  readonly client: (account: Account, signal?: AbortSignal) => Promise<CloudClient>;
  readonly log: Logger;
}

/** Makes a sandbox ready for the editor: running, provisioned, known to `ssh`. */
export class SandboxOpener {
  readonly #options: SandboxOpenerOptions;

  constructor(options: SandboxOpenerOptions) {
    this.#options = options;
  }

  /**
   * Starts the sandbox if need be and makes its alias work for our own `ssh -F`. Touches no file of the user's.
   * Resolves to the alias.
   */
  async prepare(ref: SandboxRef, signal: AbortSignal, report: (step: string) => void): Promise<string> {
    const { book, lifecycle, ssh } = this.#options;
    report('starting');
    const running = await lifecycle.ensureRunning(ref, signal);
    report('preparing SSH');
    const alias = await ssh.provision(running);
    await book.noteIntent(alias);
    signal.throwIfAborted();
    return alias;
  }

  /** The folder to open: the one that was open last, else what the sandbox suggests. */
  async folderOf(ref: SandboxRef, alias: string, signal: AbortSignal): Promise<RemoteFolder> {
    const path = this.#options.book.folder(alias) ?? (await this.#probe(ref, signal)) ?? '/tmp';
    return { authority: authorityOf(alias), path };
  }

  async #probe(ref: SandboxRef, signal: AbortSignal): Promise<string | undefined> {
    try {
      const client = await this.#options.client(ref.account, signal);
      return await probeFolder(client.transport(ref.sandbox.id), signal);
    } catch (error) {
      signal.throwIfAborted();
      // Not a reason to keep the sandbox shut: the person can pick another folder inside.
      this.#options.log.warn(`Cannot find out which folder to open: ${describeError(error)}`);
      return undefined;
    }
  }
}
