import * as fs from 'node:fs/promises';
import type { Stats } from 'node:fs';
import { describeError, errnoOf } from '../base/errors';
import { FileError, readIfExists, writeFileAtomic } from '../base/files';
import { SshConfigError, withNextStep } from './errors';
import { includeLine, isIncluded, withInclude, withoutInclude } from './include';

/** No hand-written configuration is that large; what is, is something else. */
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * An SSH configuration file of the user, in which one line is ours. Everything else in it is kept: bytes, mode,
 * owner, and a symlink to it. A file that cannot be kept so is refused.
 */
export class UserConfig {
  constructor(
    readonly file: string,
    private readonly includeValue: string,
  ) {}

  /** Whether our line is where it works. */
  async isIncluded(): Promise<boolean> {
    const content = await this.read();
    return content !== undefined && isIncluded(content, this.includeValue);
  }

  /** Puts our line at the top; writes nothing if it is there. */
  async include(): Promise<void> {
    const content = await this.read();
    if (content && isIncluded(content, this.includeValue)) return;
    await this.#replace(withInclude(content ?? new Uint8Array(), this.includeValue));
  }

  /**
   * Takes our line out; writes nothing if there is none. Removes the file if told so and nothing else is in it.
   * Resolves to whether there was something to do.
   */
  async exclude(options: { removeIfEmpty: boolean }): Promise<boolean> {
    const content = await this.read();
    if (!content) return false;
    const rest = withoutInclude(content, this.includeValue);
    if (rest.length === 0 && options.removeIfEmpty) {
      await this.#guard('unwritable', () => fs.rm(this.file, { force: true }));
      return true;
    }
    if (rest.equals(content)) return false;
    await this.#replace(rest);
    return true;
  }

  /** The content, or undefined if there is no such file. Any other obstacle is reported, never taken for "empty". */
  async read(): Promise<Buffer | undefined> {
    return this.#guard('unreadable', async () => {
      const stat = await this.#stat();
      if (!stat) return undefined;
      // Reading a pipe or a device could wait for ever.
      if (!stat.isFile()) throw this.#refuse('is not a regular file');
      if (stat.size > MAX_BYTES) throw this.#refuse(`is larger than ${MAX_BYTES} bytes`);
      const content = await readIfExists(this.file);
      if (content?.includes(0)) throw this.#refuse('is not plain text (save it as UTF-8)');
      return content;
    });
  }

  async #replace(content: Buffer): Promise<void> {
    await this.#guard('unwritable', async () => {
      const stat = await this.#stat();
      // The new file takes the place of one of the names only: the others would go stale.
      if (stat && stat.nlink > 1) throw this.#refuse('has several hard links');
      if (stat && !mayKeepOwner(stat)) throw this.#refuse('belongs to another user');
      await writeFileAtomic(this.file, content, { mode: stat ? stat.mode & 0o7777 : 0o600 });
      if (stat) await this.#restoreOwner(stat);
    });
  }

  async #restoreOwner({ uid, gid }: Stats): Promise<void> {
    const now = await fs.stat(this.file);
    if (now.uid === uid && now.gid === gid) return;
    await fs.chown(this.file, uid, gid).catch((error: unknown) => {
      // A group that its owner is not in: only root can give a file to that, and ssh does not ask for the group.
      if (now.uid !== uid || errnoOf(error) !== 'EPERM') throw error;
    });
  }

  async #stat(): Promise<Stats | undefined> {
    try {
      return await fs.stat(this.file);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
      const link = await fs.lstat(this.file).catch(() => undefined);
      if (link) throw this.#refuse('is a symlink to a file that does not exist');
      return undefined;
    }
  }

  #refuse(why: string): SshConfigError {
    return new SshConfigError('unsafe', `${this.file} ${why} and was left alone; ${this.#nextStep()}`);
  }

  /** Gives an error of the file system our form, with the next step. */
  async #guard<T>(code: 'unreadable' | 'unwritable', work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof SshConfigError) throw error;
      if (error instanceof FileError) throw withNextStep(error, this.#nextStep());
      const message = `Cannot use ${this.file} (${describeError(error)}); ${this.#nextStep()}`;
      throw new SshConfigError(code, message, { cause: error });
    }
  }

  #nextStep(): string {
    return `repair that, or add this line at its very top yourself: ${includeLine(this.includeValue)}`;
  }
}

/** Root may give files to others. On Windows all files have the same owner, 0, for Node. */
function mayKeepOwner({ uid }: Stats): boolean {
  const user = process.geteuid?.();
  return user === undefined || user === 0 || user === uid;
}
