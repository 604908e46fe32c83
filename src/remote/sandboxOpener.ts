import { describeError } from '../base/errors';
import type { Logger } from '../base/logger';
import type { CloudClient } from '../cloud/provider';
import type { Account } from '../sandboxes/account';
import type { Lifecycle } from '../sandboxes/lifecycle';
import type { SandboxRef } from '../sandboxes/sandboxList';
import { authorityOf } from './authority';
import { probeFolder } from './folder';
import type { SandboxBook } from './sandboxBook';
import type { CommandLine, SshAccess } from './sshAccess';
import type { WindowBroker } from './windowBroker';

export interface RemoteFolder {
  /** Such as `ssh-remote+<alias>`. */
  readonly authority: string;
  /** Absolute path. */
  readonly path: string;
}

/** How a caller follows and cancels the opening. */
export interface Progress {
  readonly signal: AbortSignal;
  /** Says what is being done, in words that continue a title. */
  readonly report: (step: string) => void;
}

export interface SandboxOpenerOptions {
  readonly book: SandboxBook;
  readonly broker: Pick<WindowBroker, 'ensure'>;
  readonly lifecycle: Pick<Lifecycle, 'ensureRunning'>;
  readonly ssh: SshAccess;
  readonly client: (account: Account, signal?: AbortSignal) => Promise<CloudClient>;
  readonly log: Logger;
}

/** Makes a sandbox ready to be opened: running, provisioned, known to `ssh`, its connection served. */
export class SandboxOpener {
  readonly #options: SandboxOpenerOptions;

  constructor(options: SandboxOpenerOptions) {
    this.#options = options;
  }

  /** The command that opens a shell in the sandbox. Touches no file of the user's. */
  async terminalCommand(ref: SandboxRef, progress: Progress): Promise<CommandLine> {
    return this.#options.ssh.command(await this.#prepare(ref, progress));
  }

  /**
   * The sandbox as a folder that Remote-SSH can open; the user's SSH configuration gets our line.
   * @param warn is called with what in their configuration will get in the way
   */
  async remoteFolder(
    ref: SandboxRef,
    progress: Progress,
    warn: (obstacles: readonly string[]) => void,
  ): Promise<RemoteFolder> {
    const { book, ssh } = this.#options;
    const alias = await this.#prepare(ref, progress);
    await ssh.edit();
    const obstacles = await ssh.obstacles(alias, progress.signal);
    if (obstacles.length > 0) warn(obstacles);
    progress.report('looking for its folder');
    const path = book.folder(alias) ?? (await this.#probe(ref, progress.signal)) ?? '/tmp';
    return { authority: authorityOf(alias), path };
  }

  /** Resolves to the alias. */
  async #prepare(ref: SandboxRef, { signal, report }: Progress): Promise<string> {
    const { book, broker, lifecycle, ssh } = this.#options;
    await broker.ensure();
    report('starting it');
    const running = await lifecycle.ensureRunning(ref, signal);
    report('preparing SSH');
    const alias = await ssh.provision(running);
    signal.throwIfAborted();
    await book.noteIntent(alias);
    return alias;
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
