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

/** A sandbox as Remote-SSH can open it. */
export interface RemoteSandbox {
  readonly alias: string;
  /** Such as `ssh-remote+<alias>`. */
  readonly authority: string;
  /** Absolute path of the folder to open; undefined if the sandbox has none that suits. */
  readonly path: string | undefined;
}

/** How a caller follows and cancels work. */
export interface Progress<Step = string> {
  readonly signal: AbortSignal;
  /** Says what is being done; a text continues a title. */
  readonly report: (step: Step) => void;
}

/** What takes its time on the way into a sandbox, in order. */
export type OpenPhase = 'looking' | 'starting' | 'preparing-ssh' | 'finding-folder';

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
  async terminalCommand(ref: SandboxRef, progress: Progress<OpenPhase>): Promise<CommandLine> {
    return this.#options.ssh.command(await this.#prepare(ref, progress));
  }

  /**
   * The sandbox as Remote-SSH can open it; the user's SSH configuration gets our line.
   * @param warn is called with what in their configuration will get in the way
   * @param folder is preferred to the one that was open last
   */
  async remoteSandbox(
    ref: SandboxRef,
    progress: Progress<OpenPhase>,
    warn: (obstacles: readonly string[]) => void,
    folder?: string,
  ): Promise<RemoteSandbox> {
    const { book, ssh } = this.#options;
    const alias = await this.#prepare(ref, progress);
    await ssh.edit(alias);
    const obstacles = await ssh.obstacles(alias, progress.signal);
    if (obstacles.length > 0) warn(obstacles);
    progress.report('finding-folder');
    const path = await this.#probe(ref, folder ?? book.folder(alias), progress.signal);
    return { alias, authority: authorityOf(alias), path };
  }

  /** The command that opens a shell in the sandbox from a terminal of the user's. Starts nothing. */
  async shellCommand(ref: SandboxRef): Promise<CommandLine> {
    const { broker, ssh } = this.#options;
    await broker.ensure();
    return ssh.shellCommand(await ssh.provision(ref));
  }

  /** Resolves to the alias. */
  async #prepare(ref: SandboxRef, { signal, report }: Progress<OpenPhase>): Promise<string> {
    const { book, broker, lifecycle, ssh } = this.#options;
    report('looking');
    await broker.ensure();
    const running = await lifecycle.ensureRunning(ref, signal, () => report('starting'));
    report('preparing-ssh');
    const alias = await ssh.provision(running);
    signal.throwIfAborted();
    await book.noteIntent(alias);
    return alias;
  }

  async #probe(
    ref: SandboxRef,
    wanted: string | undefined,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    try {
      const client = await this.#options.client(ref.account, signal);
      return await probeFolder(client.transport(ref.sandbox.id), wanted, signal);
    } catch (error) {
      signal.throwIfAborted();
      // Not a reason to keep the sandbox shut: the person can say which.
      this.#options.log.warn(`Cannot find out which folder to open: ${describeError(error)}`);
      return wanted;
    }
  }
}
