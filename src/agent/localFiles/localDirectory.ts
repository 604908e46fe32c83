import * as fs from 'node:fs/promises';
import type { ByteString, DirectoryEntry, RemoteDirectory } from '../../sftp/remoteFiles';
import { attributesOf } from './attributes';
import { asFileError } from './fileErrors';

/** As OpenSSH's server has it. */
const ENTRIES_AT_ONCE = 100;
const SLASH = Buffer.from('/');

/** An open folder: its names as they were when it was opened, their attributes as they are when asked for. */
export class LocalDirectory implements RemoteDirectory {
  readonly #path: Buffer;
  #names: readonly ByteString[];
  #last: Promise<DirectoryEntry[]> = Promise.resolve([]);

  private constructor(path: Buffer, names: readonly ByteString[]) {
    this.#path = path;
    this.#names = names;
  }

  static async open(path: Buffer): Promise<LocalDirectory> {
    const names = await fs.readdir(path, { encoding: 'buffer' });
    return new LocalDirectory(path, ['.', '..', ...names.map((name) => name.toString('latin1'))]);
  }

  next(): Promise<DirectoryEntry[]> {
    this.#last = this.#last.then(() => this.#batch());
    return this.#last;
  }

  async #batch(): Promise<DirectoryEntry[]> {
    while (this.#names.length > 0) {
      const names = this.#names.slice(0, ENTRIES_AT_ONCE);
      this.#names = this.#names.slice(ENTRIES_AT_ONCE);
      const entries = await Promise.all(names.map((name) => this.#entry(name)));
      const present = entries.filter((entry) => entry !== undefined);
      if (present.length > 0) return present;
    }
    return [];
  }

  close(): void {
    this.#names = [];
  }

  /** Undefined for one that has vanished meanwhile. */
  async #entry(name: ByteString): Promise<DirectoryEntry | undefined> {
    const path = Buffer.concat([this.#path, SLASH, Buffer.from(name, 'latin1')]);
    try {
      return { name, attributes: attributesOf(await asFileError(() => fs.lstat(path))) };
    } catch {
      return undefined;
    }
  }
}
