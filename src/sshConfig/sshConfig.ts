import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { errnoOf } from '../base/errors';
import { sshHome } from '../base/paths';
import { configEnding, exists, HostFiles, removeIfEmpty } from './hostFiles';
import { includeLine } from './include';
import type { LauncherSpec } from './launcher';
import { findLine, findMismatches, type Mismatch } from './mismatches';
import { includePattern } from './quoting';
import { effectiveOptions } from './sshProgram';
import { UserConfig } from './userConfig';

export interface SshConfigOptions {
  /** The user's SSH folder as ssh finds it: `sshHome()` and ".ssh". */
  readonly sshDir: string;
  readonly editor: string;
  readonly launcher: LauncherSpec;
  /** See `HostFilesOptions`. */
  readonly publicKeysDir?: string;
  /** The editor's `remote.SSH.configFile`, which replaces the usual file. Some editors ignore it: both get our line. */
  readonly customConfigFile?: string;
  /** The editor's `remote.SSH.path`. */
  readonly sshPath?: string;
  /** The home folder as ssh knows it; for tests. */
  readonly home?: string;
}

/** What {@link SshConfig.remove} took away. Absolute paths. */
export interface RemovedConfig {
  /** The user's files that had our line. */
  readonly edited: readonly string[];
  /** Our folder; undefined if it was not there, or something of others is in it. */
  readonly folder?: string;
  /** Another editor, maybe of the same kind, still has files in our folder: it stays, and so does our line. */
  readonly isShared: boolean;
}

/** Our part of a user's SSH set-up: a folder of our own, and one Include line at the top of their file. */
export class SshConfig {
  /** Our own files; usable by `ssh -F` without touching the user's. */
  readonly hosts: HostFiles;
  readonly #options: SshConfigOptions;
  readonly #dir: string;
  readonly #includeValue: string;
  readonly #userConfigs: readonly UserConfig[];

  /** Throws `unsupported-path` if the folder's path cannot stand in an Include line. */
  constructor(options: SshConfigOptions) {
    const { sshDir, customConfigFile, launcher, publicKeysDir, editor, sshPath, home = sshHome() } = options;
    this.#options = options;
    this.#dir = path.join(sshDir, 'cloud-sandboxes');
    this.hosts = new HostFiles({
      dir: this.#dir,
      editor,
      launcher,
      home,
      ...(publicKeysDir && { publicKeysDir }),
      ...(sshPath && { sshPath }),
    });
    const includeValue = includePattern(this.#dir, configEnding, home);
    this.#includeValue = includeValue;
    const files = [path.join(sshDir, 'config'), ...(customConfigFile ? [customConfigFile] : [])];
    this.#userConfigs = [...new Set(files)].map((file) => new UserConfig(file, includeValue));
  }

  /** The line that {@link include} adds, without its end. */
  get includeLine(): string {
    return includeLine(this.#includeValue);
  }

  /** Whether a plain `ssh <alias>` of the user's reads our line. */
  async isKnownToPlainSsh(): Promise<boolean> {
    const { sshDir, home = sshHome() } = this.#options;
    const [usual] = this.#userConfigs;
    return sshDir === path.join(home, '.ssh') && ((await usual?.isIncluded()) ?? false);
  }

  /** The user's files that lack our line, or have it where it does not work. */
  async filesToEdit(): Promise<string[]> {
    const lacking: string[] = [];
    for (const config of this.#userConfigs) {
      if (!(await config.isIncluded())) lacking.push(config.file);
    }
    return lacking;
  }

  /**
   * Puts our line at the top of the user's files; writes nothing where it is. Rejects with a SshConfigError about a
   * file that cannot be read or safely replaced, which then is as it was.
   */
  async include(): Promise<void> {
    await this.hosts.locked(async () => {
      for (const config of this.#userConfigs) {
        // Recorded first: a crash must not leave a line or a file whose origin nobody knows.
        const created = (await exists(config.file)) ? [] : [config.file];
        await this.hosts.footprint.add({ created, edited: [config.file] });
        await config.include();
      }
    });
  }

  /**
   * Removes this editor's files, but for what others need; with those of the last editor also our line, our folder, and
   * what did not exist before us and is empty.
   */
  async remove(): Promise<RemovedConfig> {
    const wasThere = await exists(this.#dir);
    const { created, edited } = await this.hosts.footprint.read();
    await this.hosts.delete();
    if (await this.#hasOtherEditors()) return { edited: [], isShared: true };
    const current = this.#userConfigs.map(({ file }) => file);
    const cleaned: string[] = [];
    for (const file of new Set([...edited, ...current])) {
      const config = new UserConfig(file, this.#includeValue);
      if (await config.exclude({ removeIfEmpty: created.includes(file) })) cleaned.push(file);
    }
    await fs.rm(this.hosts.footprint.file, { force: true });
    await removeIfEmpty(this.#dir);
    if (created.includes(this.#options.sshDir)) await removeIfEmpty(this.#options.sshDir);
    const isGone = wasThere && !(await exists(this.#dir));
    return { edited: cleaned, isShared: false, ...(isGone && { folder: this.#dir }) };
  }

  /**
   * Asks ssh what it makes of the user's whole configuration for an alias, and tells where that is not what we wrote.
   * Rejects as `ssh-failed` if ssh cannot read the configuration at all.
   */
  async verify(alias: string, signal?: AbortSignal): Promise<Mismatch[]> {
    const { sshPath = 'ssh', customConfigFile } = this.#options;
    const effective = await effectiveOptions(sshPath, alias, customConfigFile, signal);
    const mismatches = findMismatches(await this.hosts.expectedOptions(alias), effective);
    return Promise.all(mismatches.map((mismatch) => this.#withWinner(mismatch)));
  }

  async #withWinner(mismatch: Mismatch): Promise<Mismatch> {
    for (const config of this.#userConfigs) {
      const content = (await config.read())?.toString('utf8') ?? '';
      const winner = findLine(config.file, content, mismatch.keyword, this.includeLine);
      if (winner) return { ...mismatch, winner };
    }
    return mismatch;
  }

  async #hasOtherEditors(): Promise<boolean> {
    const names = await fs.readdir(this.#dir).catch((error: unknown) => {
      if (errnoOf(error) === 'ENOENT') return [];
      throw error;
    });
    return names.some((name) => name.endsWith(configEnding));
  }
}
