import { FileError, type Attributes, type ByteString, type DirectoryEntry } from '../../../sftp/remoteFiles';

/** `stat`: mode (hexadecimal), size, uid, gid, access and modification time, name. */
const BY_STAT = /^([0-9a-f]+) (\d+) (\d+) (\d+) (-?\d+) (-?\d+) ([^/]*(?:\/[^]*)?)$/;
/** `ls -ln`: mode, links, uid, gid, size or device numbers; its date is not exact, and not used. */
const BY_LS =
  /^([-bcdlps])([-rwxsStT]{9})[.+@]? +\d+ +(\d+) +(\d+) +(?:(\d+)|\d+, *\d+) [^/]*? (\.\/[^]*|\/[^]*)$/;

const TYPES: Readonly<Record<string, number>> = {
  p: 0o010000,
  c: 0o020000,
  d: 0o040000,
  b: 0o060000,
  '-': 0o100000,
  l: 0o120000,
  s: 0o140000,
};

/** Reads one record of the functions `attributes` and `followed` without its slash and line break. */
export function parseRecord(record: ByteString): { path: ByteString; attributes: Attributes } {
  const parsed = parseStat(record) ?? parseLs(record);
  if (!parsed) throw new FileError('failure', 'The sandbox describes the file in an unknown way');
  return parsed;
}

function parseStat(record: ByteString): { path: ByteString; attributes: Attributes } | undefined {
  const [, mode = '', size, uid, gid, accessed, modified, path] = BY_STAT.exec(record) ?? [];
  if (path === undefined) return undefined;
  return {
    path,
    attributes: {
      mode: parseInt(mode, 16),
      size: sizeOf(size),
      owner: { uid: uint32Of(uid), gid: uint32Of(gid) },
      times: { accessed: uint32Of(accessed), modified: uint32Of(modified) },
    },
  };
}

function parseLs(record: ByteString): { path: ByteString; attributes: Attributes } | undefined {
  const [, type = '', permissions = '', uid, gid, size, path] = BY_LS.exec(record) ?? [];
  if (path === undefined) return undefined;
  return {
    path,
    attributes: {
      mode: (TYPES[type] ?? 0) | permissionBits(permissions),
      size: sizeOf(size),
      owner: { uid: uint32Of(uid), gid: uint32Of(gid) },
    },
  };
}

function permissionBits(text: string): number {
  let bits = 0;
  for (let index = 0; index < text.length; index++) {
    const character = text.charAt(index);
    if (!'-ST'.includes(character)) bits |= 0o400 >> index;
    if ('sStT'.includes(character)) bits |= 0o4000 >> Math.floor(index / 3);
  }
  return bits;
}

const sizeOf = (text: string | undefined): number => Math.min(Number(text ?? 0), Number.MAX_SAFE_INTEGER);
/** SFTP version 3 has 32 bits for it, without a sign. */
const uint32Of = (text: string | undefined): number => Math.min(Math.max(Number(text), 0), 0xffffffff);

/** Takes the records of `list` apart, as they are asked for. */
export class Listing {
  #position = 0;

  constructor(private readonly output: Buffer) {}

  /** Up to `count` entries; none at the end. */
  next(count: number): DirectoryEntry[] {
    const entries: DirectoryEntry[] = [];
    while (entries.length < count) {
      const end = this.output.indexOf('/\n', this.#position);
      if (end < 0) break;
      const { path, attributes } = parseRecord(this.output.toString('latin1', this.#position, end));
      entries.push({ name: path.replace(/^\.\//, ''), attributes });
      this.#position = end + 2;
    }
    return entries;
  }
}
