import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { CodedError, describeError } from '../base/errors';
import { ensurePrivateDir, readIfExists, removeTree, writeFileAtomic } from '../base/files';
import { parseBoxRecord, type BoxRecord } from './boxRecord';

/** A file of the state folder that is not what we wrote. Nothing of it was changed. */
export class StateError extends CodedError<'corrupt'> {}

/** The boxes on disk: one folder each, with `box.json` and whatever its runtime keeps beside it. */
export class BoxStore {
  readonly #root: string;

  /** `root` is created on first use, for this user alone. */
  constructor(root: string) {
    this.#root = root;
  }

  dirOf(id: string): string {
    return path.join(this.#root, id);
  }

  /**
   * Every box. One that cannot be read keeps no other from being loaded and is not changed; `onFailure` is told,
   * with a {@link StateError} that names the file if it is not what we wrote.
   */
  async load(onFailure: (error: unknown) => void): Promise<BoxRecord[]> {
    await ensurePrivateDir(this.#root);
    const records: BoxRecord[] = [];
    for (const entry of await fs.readdir(this.#root, { withFileTypes: true })) {
      if (!entry.isDirectory()) continue;
      try {
        const record = await this.#loadOne(entry.name);
        // Without a record its creation was cut short before anyone was told of the box.
        if (record) records.push(record);
        else await this.remove(entry.name);
      } catch (error) {
        onFailure(error);
      }
    }
    return records;
  }

  /** Makes the folder of a new box. Until a record is saved in it, it is what a creation that was cut short leaves. */
  async makeFolder(id: string): Promise<void> {
    await ensurePrivateDir(this.dirOf(id));
  }

  async save(record: BoxRecord): Promise<void> {
    await writeFileAtomic(this.#fileOf(record.id), `${JSON.stringify(record, undefined, 2)}\n`);
  }

  /** Removes the record first: a removal that is cut short is completed by the next {@link load}. */
  async remove(id: string): Promise<void> {
    await fs.rm(this.#fileOf(id), { force: true });
    await removeTree(this.dirOf(id));
  }

  async #loadOne(id: string): Promise<BoxRecord | undefined> {
    const file = this.#fileOf(id);
    const bytes = await readIfExists(file);
    if (!bytes) return undefined;
    try {
      const record = parseBoxRecord(JSON.parse(bytes.toString('utf8')));
      if (record.id !== id) throw new Error(`it is the record of box ${record.id}`);
      return record;
    } catch (cause) {
      throw new StateError(
        'corrupt',
        `Cannot read the box in ${file}: ${describeError(cause)}. Repair the file, or move its folder away, and start again.`,
        { cause },
      );
    }
  }

  #fileOf(id: string): string {
    return path.join(this.dirOf(id), 'box.json');
  }
}
