import type { SandboxRef } from '../sandboxes/sandboxList';
import type { EditConsent } from './editConsent';
import { installedRemoteSsh, recommendedRemoteSsh } from './remoteSshFamily';
import type { Progress, RemoteFolder, SandboxOpener } from './sandboxOpener';
import type { SshAccess } from './sshAccess';

/** The editor and the person in front of it, as far as opening a folder needs them. */
export interface OpenHost {
  /** False in a browser, or when we run beside a remote workspace: nothing here can open another machine. */
  readonly canOpenRemotes: boolean;
  /** Tells the editors apart. */
  readonly uriScheme: string;
  isInstalled(extensionId: string): boolean;
  install(extensionId: string): Promise<void>;
  openFolder(folder: RemoteFolder, window: TargetWindow): Promise<void>;
  /** Whether the person takes a terminal instead. */
  offerTerminal(): Promise<boolean>;
  /** What to do about a missing Remote-SSH; undefined is nothing. */
  offerInstall(title: string): Promise<'install' | 'terminal' | undefined>;
  /** Whether our line may be added to these files of theirs. */
  askToEdit(files: readonly string[]): Promise<boolean>;
  warnOfObstacles(obstacles: readonly string[]): void;
  /** Shows the progress of work, and lets the person cancel it. */
  withProgress<T>(work: (progress: Progress) => Promise<T>): Promise<T>;
}

export type TargetWindow = 'this' | 'new';

export type OpenOutcome =
  | 'opened'
  /** The person wants a terminal instead. */
  | 'terminal'
  /** The person does not want what opening needs. */
  | 'declined';

export interface OpenFlowOptions {
  readonly opener: Pick<SandboxOpener, 'remoteFolder'>;
  readonly ssh: Pick<SshAccess, 'filesToEdit'>;
  readonly consent: Pick<EditConsent, 'missing' | 'give'>;
}

/** Opening a sandbox as a folder in a window, with the questions on the way. */
export class OpenFlow {
  readonly #options: OpenFlowOptions;

  constructor(options: OpenFlowOptions) {
    this.#options = options;
  }

  /** Rejects with what went wrong: a CloudError, SshConfigError, …, or the reason of a cancellation. */
  async open(ref: SandboxRef, window: TargetWindow, host: OpenHost): Promise<OpenOutcome> {
    const obstacle = await this.#withoutRemoteSsh(host);
    if (obstacle) return obstacle;
    if (!(await this.#mayEdit(host))) return 'declined';
    const folder = await host.withProgress((progress) =>
      this.#options.opener.remoteFolder(ref, progress, (obstacles) => host.warnOfObstacles(obstacles)),
    );
    await host.openFolder(folder, window);
    return 'opened';
  }

  /** Undefined if there is a Remote-SSH in the end. */
  async #withoutRemoteSsh(host: OpenHost): Promise<Exclude<OpenOutcome, 'opened'> | undefined> {
    if (!host.canOpenRemotes) return (await host.offerTerminal()) ? 'terminal' : 'declined';
    if (installedRemoteSsh((id) => host.isInstalled(id))) return undefined;
    const { id, title } = recommendedRemoteSsh(host.uriScheme);
    const choice = await host.offerInstall(title);
    if (choice !== 'install') return choice ?? 'declined';
    await host.install(id);
    return undefined;
  }

  /** Asks the first time that a file of theirs needs our line, once for each file. */
  async #mayEdit(host: OpenHost): Promise<boolean> {
    const { ssh, consent } = this.#options;
    const files = consent.missing(await ssh.filesToEdit());
    if (files.length === 0) return true;
    if (!(await host.askToEdit(files))) return false;
    await consent.give(files);
    return true;
  }
}
