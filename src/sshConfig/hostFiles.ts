import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { errnoOf } from '../base/errors';
import { ensurePrivateDir, readIfExists } from '../base/files';
import { sshHome } from '../base/paths';
import { LockError, withFileLock } from '../base/fileLock';
import { SshConfigError, withNextStep } from './errors';
import { FootprintRecord } from './footprint';
import type { HostOption, SshVersion } from './hostOptions';
import { KnownHosts, type HostEntry } from './knownHosts';
import { renderCmdLauncher, renderPosixLauncher, type LauncherSpec } from './launcher';
import { updateOwnFile } from './ownFile';
import { aliasOptions, renderConfig, sharedOptions, type HostConfig } from './renderConfig';
import { Sharers } from './sharers';
import { sshVersion } from './sshProgram';

export interface HostFilesOptions {
  /** Folder that is ours alone: `~/.ssh/cloud-sandboxes`, or one of a single run. */
  readonly dir: string;
  /** Result of `editorTag`. */
  readonly editor: string;
  readonly launcher: LauncherSpec;
  /** Folder of this editor's public keys, by which others of its kind know what it needs; undefined if there are none. */
  readonly publicKeysDir?: string;
  /** The ssh program that reads the files; "ssh" unless told. */
  readonly sshPath?: string;
  /** The home folder as ssh knows it; for tests. */
  readonly home?: string;
  readonly platform?: NodeJS.Platform;
}

/** How often our folder is made that others remove again and again. */
const MAX_ATTEMPTS = 5;

/** Ending of the files that an Include line takes in. */
export const configEnding = '.config';

/**
 * One editor's SSH files: configuration, known_hosts and launcher. `ssh -F <configFile> <alias>` works with these
 * alone. Several windows may write at once, of several editors of the same kind too: each adds to what is there, and
 * leaves what others need. Methods reject with a SshConfigError whose message names the next step.
 */
export class HostFiles {
  /** The configuration with all of this editor's sandboxes. */
  readonly configFile: string;
  readonly footprint: FootprintRecord;
  /** What ssh runs as ProxyCommand. */
  readonly launcherFile: string;
  readonly #knownHostsFile: string;
  readonly #sharers: Sharers | undefined;
  readonly #options: HostFilesOptions;
  readonly #platform: NodeJS.Platform;
  #client: Promise<SshVersion | undefined> | undefined;

  constructor(options: HostFilesOptions) {
    this.#options = options;
    this.#platform = options.platform ?? process.platform;
    this.footprint = new FootprintRecord(options.dir);
    const file = (ending: string): string => path.join(options.dir, `${options.editor}${ending}`);
    this.configFile = file(configEnding);
    this.#knownHostsFile = file('.known_hosts');
    this.launcherFile = file(this.#platform === 'win32' ? '-connect.cmd' : '-connect');
    const { publicKeysDir } = options;
    this.#sharers = publicKeysDir === undefined ? undefined : new Sharers(file('.sharers'), publicKeysDir);
  }

  /**
   * Adds sandboxes, or replaces their host keys, and brings all files up to date. A key that is replaced still counts
   * for connections that have begun with it.
   */
  async add(entries: readonly HostEntry[]): Promise<void> {
    await this.#update((hosts, now) => {
      for (const entry of entries) hosts.set(entry, now);
    });
  }

  /** Has ssh take these keys too for a while: they may soon be in use. */
  async announce(entries: readonly HostEntry[]): Promise<void> {
    await this.#update((hosts, now) => {
      for (const entry of entries) hosts.announce(entry, now);
    });
  }

  /**
   * Has ssh take a key that is about to be shown, for a while, where it would not: the file may come from a backup, or
   * from another computer with which the user keeps their SSH folder in step.
   */
  async recognize(entry: HostEntry): Promise<void> {
    const hosts = await this.#readKnownHosts();
    if (!hosts.accepts(entry, Date.now())) await this.announce([entry]);
  }

  /** Removes sandboxes. */
  async remove(aliases: readonly string[]): Promise<void> {
    await this.#update((hosts) => {
      for (const alias of aliases) hosts.delete(alias);
    });
  }

  /** The aliases that the files have entries for. */
  async aliases(): Promise<string[]> {
    return (await this.#readKnownHosts()).aliases;
  }

  /** Deletes this editor's files, but for what others of its kind need, and the folder once no editor has files there. */
  async delete(): Promise<void> {
    if (!(await exists(this.#options.dir))) return;
    await this.locked(async () => {
      await this.#sharers?.leave();
      if ((await this.#shared()).length > 0) {
        await this.#write((hosts) => hosts.clear());
        return;
      }
      for (const file of [this.configFile, this.#knownHostsFile, this.launcherFile, this.#sharers?.file]) {
        if (file !== undefined) await fs.rm(file, { force: true });
      }
    });
    await removeIfEmpty(this.#options.dir);
  }

  /** What ssh must come to for an alias. Throws `unsupported-path`. */
  async expectedOptions(alias: string): Promise<readonly HostOption[]> {
    const config = await this.#config([alias]);
    const own = aliasOptions(config, alias);
    const shared = sharedOptions(config).filter(
      ({ keyword }) => !own.some((option) => option.keyword === keyword),
    );
    // ssh prints where it looks, not what is written.
    const knownHosts = { keyword: 'UserKnownHostsFile', value: this.#knownHostsFile, essential: true };
    return [...own, ...shared.map((option) => (option.keyword === knownHosts.keyword ? knownHosts : option))];
  }

  /** Runs work while no other window writes here. */
  async locked<T>(work: () => Promise<T>): Promise<T> {
    const { dir } = this.#options;
    const parent = path.dirname(dir);
    try {
      for (let attempt = 1; ; attempt++) {
        const isParentNew = !(await exists(parent));
        await ensurePrivateDir(dir);
        try {
          return await withFileLock(path.join(dir, 'write.lock'), async () => {
            if (isParentNew) await this.footprint.add({ created: [parent] });
            return work();
          });
        } catch (error) {
          // Whoever removed what it had while we waited took the folder along.
          const isGone = error instanceof LockError && error.code === 'gone';
          if (!isGone || attempt === MAX_ATTEMPTS) throw error;
        }
      }
    } catch (error) {
      throw withNextStep(error, 'make sure that you own it and that its disk is writable, then try again');
    }
  }

  async #update(change: (hosts: KnownHosts, now: number) => void): Promise<void> {
    await this.locked(async () => {
      await this.#sharers?.join();
      await this.#write(change);
    });
  }

  /** What other editors of the same kind need. */
  async #shared(): Promise<readonly HostEntry[]> {
    return (await this.#sharers?.entries()) ?? [];
  }

  async #write(change: (hosts: KnownHosts, now: number) => void): Promise<void> {
    const hosts = await this.#readKnownHosts();
    const now = Date.now();
    change(hosts, now);
    for (const entry of await this.#shared()) hosts.share(entry);
    // Rendered first: nothing is written if a path cannot be. Then in the order in which each file needs the last.
    const config = renderConfig(await this.#config(hosts.aliases));
    await updateOwnFile(this.launcherFile, this.#renderLauncher(), 0o700);
    await updateOwnFile(this.#knownHostsFile, hosts.format(now), 0o600);
    await updateOwnFile(this.configFile, config, 0o600);
  }

  #renderLauncher(): string {
    const { launcher } = this.#options;
    return this.#platform === 'win32'
      ? renderCmdLauncher(launcher, process.env)
      : renderPosixLauncher(launcher);
  }

  async #readKnownHosts(): Promise<KnownHosts> {
    return KnownHosts.parse((await readIfExists(this.#knownHostsFile))?.toString('utf8') ?? '');
  }

  async #config(aliases: readonly string[]): Promise<HostConfig> {
    this.#client ??= sshVersion(this.#options.sshPath ?? 'ssh');
    return {
      editor: this.#options.editor,
      aliases,
      launcher: this.launcherFile,
      knownHosts: this.#knownHostsFile,
      home: this.#options.home ?? sshHome(),
      client: await this.#client,
      platform: this.#platform,
    };
  }
}

/** Whether anything has that name; also if that cannot be found out. */
export async function exists(file: string): Promise<boolean> {
  return fs.lstat(file).then(
    () => true,
    (error: unknown) => errnoOf(error) !== 'ENOENT',
  );
}

/** Removes a folder unless something is in it or it is gone. */
export async function removeIfEmpty(dir: string): Promise<void> {
  try {
    await fs.rmdir(dir);
  } catch (cause) {
    if (['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(errnoOf(cause) ?? '')) return;
    throw new SshConfigError('unwritable', `Cannot remove the folder ${dir}; remove it by hand`, { cause });
  }
}
