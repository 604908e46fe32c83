import * as fs from 'node:fs';
import * as path from 'node:path';
import { runtimeDir } from '../base/paths';

/** Only the user may write what is run. */
const WRITABLE_BY_OTHERS = 0o022;

/** V8's compiled form of a program, kept in a private folder. A cache that cannot be used is as good as none. */
export class CodeCache {
  readonly #dir = path.join(runtimeDir(), 'code');
  /** The same for each version of this program on the same runtime. */
  readonly #prefix: string;
  readonly #file: string;

  private constructor(prefix: string, version: string) {
    this.#prefix = prefix;
    this.#file = path.join(this.#dir, `${prefix}${version}.v8`);
  }

  static of(program: string): CodeCache {
    // V8 itself compares no more of the program than its length.
    const { mtimeMs, size } = fs.statSync(program);
    const prefix = `${path.parse(program).name}-${process.version}-${process.arch}-`;
    return new CodeCache(prefix, `${Math.floor(mtimeMs).toString(36)}-${size.toString(36)}`);
  }

  read(): Buffer | undefined {
    try {
      return isPrivate(this.#dir) && isPrivate(this.#file) ? fs.readFileSync(this.#file) : undefined;
    } catch {
      return undefined;
    }
  }

  /** Also removes what belonged to other versions of the program. */
  write(code: Buffer): void {
    const temporary = `${this.#file}.${process.pid}`;
    try {
      fs.mkdirSync(this.#dir, { mode: 0o700, recursive: true });
      if (!isPrivate(this.#dir)) return;
      for (const name of fs.readdirSync(this.#dir)) {
        if (name.startsWith(this.#prefix)) fs.rmSync(path.join(this.#dir, name), { force: true });
      }
      fs.writeFileSync(temporary, code, { mode: 0o600, flag: 'wx' });
      fs.renameSync(temporary, this.#file);
    } catch {
      fs.rmSync(temporary, { force: true });
    }
  }
}

/** Throws if there is no such file or folder. */
function isPrivate(place: string): boolean {
  if (process.platform === 'win32') return true;
  const stat = fs.lstatSync(place);
  return stat.uid === process.getuid?.() && (stat.mode & WRITABLE_BY_OTHERS) === 0;
}
