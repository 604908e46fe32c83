import * as path from 'node:path';
import * as v from 'valibot';
import { readIfExists, writeFileAtomic } from '../base/files';
import { readHostKeys } from '../keys/publicKeys';
import type { HostEntry } from './knownHosts';

const schema = v.pipe(
  v.string(),
  v.parseJson(),
  v.array(
    v.pipe(
      v.string(),
      v.check((folder) => path.isAbsolute(folder)),
    ),
  ),
);

/** More than one person has; the oldest goes. */
const MAX_SHARERS = 32;

/**
 * Who else writes an editor's files: editors of the same kind with data of their own (`--user-data-dir`), and so with
 * keys of their own. Each is known by its folder of public keys, which says what it needs; one whose folder is gone
 * needs nothing.
 */
export class Sharers {
  /** @param own folder of this editor's public keys */
  constructor(
    readonly file: string,
    private readonly own: string,
  ) {}

  /** Has others know of us. */
  async join(): Promise<void> {
    const known = await this.#read();
    if (known.includes(this.own)) return;
    await this.#write([...known, this.own].slice(-MAX_SHARERS));
  }

  async leave(): Promise<void> {
    const known = await this.#read();
    if (known.includes(this.own)) await this.#write(known.filter((folder) => folder !== this.own));
  }

  /** What the others need. */
  async entries(): Promise<readonly HostEntry[]> {
    const entries: HostEntry[] = [];
    for (const folder of await this.#read()) {
      if (folder === this.own) continue;
      for (const [alias, hostKey] of await readHostKeys(folder)) entries.push({ alias, hostKey });
    }
    return entries;
  }

  async #read(): Promise<readonly string[]> {
    const text = (await readIfExists(this.file))?.toString('utf8');
    const parsed = v.safeParse(schema, text);
    return parsed.success ? parsed.output : [];
  }

  async #write(folders: readonly string[]): Promise<void> {
    await writeFileAtomic(this.file, JSON.stringify(folders));
  }
}
