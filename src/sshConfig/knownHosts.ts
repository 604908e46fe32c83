import { isAlias } from '../keys/alias';

/** An alias and its host key, `ssh-ed25519 AAAA…`. */
export interface HostEntry {
  readonly alias: string;
  readonly hostKey: string;
}

const linePattern = /^(\S+) (ssh-ed25519 [A-Za-z0-9+/]{1,200}={0,2})$/;

/** Reads our known_hosts file (format: sshd(8)). Lines that are not ours are dropped. */
export function parseKnownHosts(text: string): Map<string, string> {
  const keys = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const [, alias, hostKey] = linePattern.exec(line) ?? [];
    if (alias && hostKey && isAlias(alias)) keys.set(alias, hostKey);
  }
  return keys;
}

export function formatKnownHosts(keys: ReadonlyMap<string, string>): string {
  return [...keys]
    .map(([alias, hostKey]) => `${alias} ${hostKey}\n`)
    .sort()
    .join('');
}
