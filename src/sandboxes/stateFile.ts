import * as path from 'node:path';
import * as v from 'valibot';
import { CodedError } from '../base/errors';
import { withFileLock } from '../base/fileLock';
import { ensurePrivateDir, readIfExists, writeFileAtomic } from '../base/files';
import type { StateStore } from './stateStore';

/** The file holds something else than we wrote. */
export class StateFileError extends CodedError<'damaged'> {}

const schema = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ version: v.literal(1), values: v.record(v.string(), v.unknown()) }),
);

/**
 * Values in one JSON file that windows change one after the other, each starting from what the last one wrote. VS
 * Code's global `Memento` would not do: there each window writes all its values, and so undoes those of others.
 * Methods reject with a {@link StateFileError}, FileError or LockError that names the file; it then is as it was.
 */
export class StateFile implements StateStore {
  #values: ReadonlyMap<string, unknown> = new Map();
  #revision = 0;
  /** Reads and writes of this window, in order: an old read must not hide a newer write. */
  #last: Promise<void> = Promise.resolve();

  constructor(private readonly file: string) {}

  get revision(): number {
    return this.#revision;
  }

  keys(): readonly string[] {
    return [...this.#values.keys()];
  }

  get(key: string): unknown {
    return this.#values.get(key);
  }

  update(key: string, value: unknown): Promise<void> {
    return this.change(key, () => value);
  }

  change(key: string, next: (current: unknown) => unknown): Promise<void> {
    return this.#inOrder(async () => {
      await ensurePrivateDir(path.dirname(this.file));
      await withFileLock(`${this.file}.lock`, () => this.#write(key, next));
    });
  }

  reload(): Promise<void> {
    return this.#inOrder(async () => this.#take(await this.#read()));
  }

  #inOrder(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }

  async #write(key: string, next: (current: unknown) => unknown): Promise<void> {
    const values = await this.#read();
    const value = next(values.get(key));
    const isGone = value === undefined && !values.has(key);
    if (value === undefined) values.delete(key);
    else values.set(key, value);
    if (!isGone) await this.#save(values);
    this.#take(values);
  }

  async #save(values: ReadonlyMap<string, unknown>): Promise<void> {
    await writeFileAtomic(this.file, JSON.stringify({ version: 1, values: Object.fromEntries(values) }));
  }

  async #read(): Promise<Map<string, unknown>> {
    const bytes = await readIfExists(this.file);
    if (!bytes) return new Map();
    const parsed = v.safeParse(schema, bytes.toString('utf8'));
    if (parsed.success) return new Map(Object.entries(parsed.output.values));
    const next = 'repair it, or move it away and add your clouds again';
    throw new StateFileError('damaged', `${this.file} is damaged and was left alone; ${next}`);
  }

  #take(values: ReadonlyMap<string, unknown>): void {
    this.#values = values;
    this.#revision++;
  }
}
