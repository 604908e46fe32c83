/** Who is who in a sandbox: what its files of users and groups say (passwd(5), group(5)). */
import type { ByteString, RemoteFiles } from './remoteFiles';

/** A sandbox has a few dozen lines of each. */
const MAX_FILE_BYTES = 1024 * 1024;

export interface Accounts {
  /** By user id. */
  readonly users: ReadonlyMap<number, ByteString>;
  /** By group id. */
  readonly groups: ReadonlyMap<number, ByteString>;
  /** Home folders by the names of users. */
  readonly homes: ReadonlyMap<ByteString, ByteString>;
}

/** What cannot be read names nobody. Never rejects. */
export async function readAccounts(files: RemoteFiles): Promise<Accounts> {
  const [passwd, group] = await Promise.all([
    recordsOf(files, '/etc/passwd'),
    recordsOf(files, '/etc/group'),
  ]);
  return {
    users: namesById(passwd),
    groups: namesById(group),
    homes: new Map(passwd.map(([name = '', , , , , home = '']) => [name, home])),
  };
}

async function recordsOf(files: RemoteFiles, path: ByteString): Promise<ByteString[][]> {
  const content = await files.readWhole(path, MAX_FILE_BYTES).catch(() => Buffer.alloc(0));
  return content
    .toString('latin1')
    .split('\n')
    .map((line) => line.split(':'));
}

/** The first of an id, as getpwuid(3) has it. */
function namesById(records: readonly ByteString[][]): Map<number, ByteString> {
  const names = new Map<number, ByteString>();
  for (const [name = '', , id = ''] of records) {
    if (/^\d+$/.test(id) && !names.has(Number(id))) names.set(Number(id), name);
  }
  return names;
}
