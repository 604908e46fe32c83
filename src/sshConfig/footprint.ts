import * as path from 'node:path';
import * as v from 'valibot';
import { readIfExists, writeFileAtomic } from '../base/files';

const paths = v.array(v.string());
const schema = v.object({ created: paths, edited: paths });

/** What we did to the user's SSH set-up outside our own folder. */
export interface Footprint {
  /** Files and folders that did not exist before us. */
  readonly created: readonly string[];
  /** Files that got our line. */
  readonly edited: readonly string[];
}

/** Remembers the footprint in our own folder, so that removal takes away exactly that, and all of it. */
export class FootprintRecord {
  readonly file: string;

  constructor(dir: string) {
    this.file = path.join(dir, 'footprint.json');
  }

  async read(): Promise<Footprint> {
    const text = (await readIfExists(this.file))?.toString('utf8');
    const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), text);
    return parsed.success ? parsed.output : { created: [], edited: [] };
  }

  async add(more: Partial<Footprint>): Promise<void> {
    const known = await this.read();
    const footprint: Footprint = {
      created: union(known.created, more.created),
      edited: union(known.edited, more.edited),
    };
    const grew = (Object.keys(footprint) as (keyof Footprint)[]).some(
      (key) => footprint[key].length > known[key].length,
    );
    if (grew) await writeFileAtomic(this.file, JSON.stringify(footprint));
  }
}

function union(one: readonly string[], other: readonly string[] = []): string[] {
  return [...new Set([...one, ...other])];
}
