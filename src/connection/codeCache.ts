import * as fs from 'node:fs';
import * as path from 'node:path';
import { runtimeDir, surroundingsHere, type Surroundings } from '../base/paths';

/** Only the user may write what is run. */
const WRITABLE_BY_OTHERS = 0o022;

/** V8's compiled form of a program, kept in a private folder. A cache that cannot be used is as good as none. */
export class CodeCache {
  readonly #surroundings: Surroundings;
  readonly #dir: string;
  /** The same for each version of this program on the same runtime. */
  readonly #prefix: string;
  readonly #file: string;

  private constructor(prefix: string, version: string, surroundings: Surroundings) {
    this.#surroundings = surroundings;
    this.#dir = path.join(runtimeDir(surroundings), 'code');
    this.#prefix = prefix;
    this.#file = path.join(this.#dir, `${prefix}${version}.v8`);
  }

  static of(program: string, surroundings = surroundingsHere()): CodeCache {
    // V8 itself compares no more of the program than its length.
    const { mtimeMs, size } = fs.statSync(program);
    const prefix = `${path.parse(program).name}-${process.version}-${process.arch}-`;
    return new CodeCache(prefix, `${Math.floor(mtimeMs).toString(36)}-${size.toString(36)}`, surroundings);
  }

  read(): Buffer | undefined {
    try {
      return this.#isDirPrivate() && this.#isPrivate(this.#file) ? fs.readFileSync(this.#file) : undefined;
    } catch {
      return undefined;
    }
  }

  /** Also removes what belonged to other versions of the program. */
  write(code: Buffer): void {
    const temporary = `${this.#file}.${process.pid}`;
    try {
      fs.mkdirSync(this.#dir, { mode: 0o700, recursive: true });
      if (!this.#isDirPrivate()) return;
      for (const name of fs.readdirSync(this.#dir)) {
        if (name.startsWith(this.#prefix)) fs.rmSync(path.join(this.#dir, name), { force: true });
      }
      fs.writeFileSync(temporary, code, { mode: 0o600, flag: 'wx' });
      fs.renameSync(temporary, this.#file);
    } catch {
      fs.rmSync(temporary, { force: true });
    }
  }

  /** Whoever owned the folder around it, which is in /tmp on a Mac, could put another in its place between two looks. */
  #isDirPrivate(): boolean {
    return this.#isPrivate(path.dirname(this.#dir)) && this.#isPrivate(this.#dir);
  }

  /** Throws if there is no such file or folder. */
  #isPrivate(place: string): boolean {
    return isWrittenByUserAlone(fs.lstatSync(place), this.#surroundings);
  }
}

/** Of what lies in the user's own folder. Windows has no modes: there the folder itself keeps others out. */
export function isWrittenByUserAlone(
  { uid, mode }: Pick<fs.Stats, 'uid' | 'mode'>,
  { platform, user }: Pick<Surroundings, 'platform' | 'user'>,
): boolean {
  return platform === 'win32' || (uid === user && (mode & WRITABLE_BY_OTHERS) === 0);
}
