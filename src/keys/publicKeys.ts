/** The public halves of keys: a file for each sandbox, in a folder that an editor's windows share. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { readIfExists } from '../base/files';
import { isAlias } from './alias';
import type { SandboxKeys } from './keyPair';

const ending = '.pub';
const hostLine = /^(ssh-ed25519 [A-Za-z0-9+/]{1,200}={0,2}) host$/m;

export function publicKeysFile(dir: string, alias: string): string {
  return path.join(dir, `${alias}${ending}`);
}

export function publicHalves(keys: SandboxKeys): string {
  return `${keys.host.publicKey} host\n${keys.user.publicKey} user\n`;
}

/** The public host keys in a folder, by alias; none of what is not there, or cannot be read. */
export async function readHostKeys(dir: string): Promise<ReadonlyMap<string, string>> {
  const names = await fs.readdir(dir).catch(() => []);
  const aliases = names.filter((name) => name.endsWith(ending)).map((name) => name.slice(0, -ending.length));
  const hostKeys = new Map<string, string>();
  for (const alias of aliases.filter(isAlias)) {
    const file = await readIfExists(publicKeysFile(dir, alias)).catch(() => undefined);
    const [, hostKey] = hostLine.exec(file?.toString('utf8') ?? '') ?? [];
    if (hostKey !== undefined) hostKeys.set(alias, hostKey);
  }
  return hostKeys;
}
