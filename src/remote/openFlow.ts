import type { SandboxRef } from '../sandboxes/sandboxList';
import type { EditConsent } from './editConsent';
import type { EmptyWindows } from './emptyWindows';
import { installedRemoteSsh, recommendedRemoteSsh } from './remoteSshFamily';
import type { ProposedChange, RemoteSshSettings } from './remoteSshSettings';
import type { OpenPhase, Progress, SandboxOpener } from './sandboxOpener';
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
  /** Opens a window there without a folder. */
  openEmptyWindow(authority: string): Promise<void>;
  /** Whether the person takes a terminal instead. */
  offerTerminal(): Promise<boolean>;
  /** What to do about a missing Remote-SSH; undefined is nothing. */
  offerInstall(title: string): Promise<'install' | 'terminal' | undefined>;
  /** Whether we may do this; undefined is nothing of it. */
  askToChange(changes: SetupChanges): Promise<'all' | 'files' | undefined>;
  /** Absolute path of the folder to open; undefined if the person gives none. */
  askFolder(): Promise<string | undefined>;
  warnOfObstacles(obstacles: readonly string[]): void;
  /** Shows the progress of work, and lets the person cancel it. */
  withProgress<T>(work: (progress: Progress<OpenPhase>) => Promise<T>): Promise<T>;
}

export interface RemoteFolder {
  /** Such as `ssh-remote+<alias>`. */
  readonly authority: string;
  /** Absolute path. */
  readonly path: string;
}

/** What of the person's own opening wants to change. */
export interface SetupChanges {
  /** SSH configuration files that lack our line. */
  readonly files: readonly string[];
  readonly settings: readonly ProposedChange[];
}

export type TargetWindow = 'this' | 'new';

export interface OpenRequest {
  readonly ref: SandboxRef;
  readonly window: TargetWindow;
  /** Absolute path; preferred to the folder that was open last. */
  readonly folder?: string;
}

export type OpenOutcome =
  | 'opened'
  /** The person wants a terminal instead. */
  | 'terminal'
  /** The person does not want what opening needs. */
  | 'declined';

export interface OpenFlowOptions {
  readonly opener: Pick<SandboxOpener, 'remoteSandbox'>;
  readonly ssh: Pick<SshAccess, 'filesToEdit'>;
  readonly consent: Pick<EditConsent, 'missing' | 'give'>;
  readonly settings: Pick<RemoteSshSettings, 'unasked' | 'decide'>;
  readonly emptyWindows: Pick<EmptyWindows, 'expect'>;
  /** Whether a window is open in the sandbox of that alias. */
  readonly isOpen: (alias: string) => boolean;
}

/** Opening a sandbox as a folder in a window, with the questions on the way. */
export class OpenFlow {
  readonly #options: OpenFlowOptions;

  constructor(options: OpenFlowOptions) {
    this.#options = options;
  }

  /** Rejects with what went wrong: a CloudError, SshConfigError, …, or the reason of a cancellation. */
  async open({ ref, window, folder }: OpenRequest, host: OpenHost): Promise<OpenOutcome> {
    const obstacle = await this.#withoutRemoteSsh(host);
    if (obstacle) return obstacle;
    if (!(await this.#mayChange(host))) return 'declined';
    const { alias, authority, path } = await host.withProgress((progress) =>
      this.#options.opener.remoteSandbox(
        ref,
        progress,
        (obstacles) => host.warnOfObstacles(obstacles),
        folder,
      ),
    );
    // The editor shows a folder in one window only: asked for it again, it would bring that one to the front.
    if (window === 'new' && this.#options.isOpen(alias)) {
      await this.#options.emptyWindows.expect(alias);
      await host.openEmptyWindow(authority);
      return 'opened';
    }
    const chosen = path ?? (await host.askFolder());
    if (chosen === undefined) return 'declined';
    await host.openFolder({ authority, path: chosen }, window);
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

  /** Asks the first time that something of theirs is to be changed, once for each file and once for the settings. */
  async #mayChange(host: OpenHost): Promise<boolean> {
    const { ssh, consent, settings } = this.#options;
    const changes = { files: consent.missing(await ssh.filesToEdit()), settings: settings.unasked() };
    if (changes.files.length === 0 && changes.settings.length === 0) return true;
    const answer = await host.askToChange(changes);
    if (answer === undefined) return false;
    await consent.give(changes.files);
    if (changes.settings.length > 0) await settings.decide(answer === 'all');
    return true;
  }
}
