import { isAlias } from '../keys/alias';

/** An alias and its host key, `ssh-ed25519 AAAA…`. */
export interface HostEntry {
  readonly alias: string;
  readonly hostKey: string;
}

/**
 * For how long a key counts that is about to be used, or was until now, in milliseconds. A connection gets the key
 * that it shows before ssh reads our file, so one that begins while keys are replaced may show either. Longer than a
 * connection can take to begin.
 */
export const OVERLAP_MS = 300_000;
/** The longest that ssh may take from the grant of a key until it reads our file. */
const BEGINNING_MS = 60_000;
/** Of one alias, beside the one in use. */
const MAX_OVERLAPPING_KEYS = 8;

/** An alias, a key, and as the comment until when the key counts if it is not the one in use. */
const linePattern = /^(\S+) (ssh-ed25519 [A-Za-z0-9+/]{1,200}={0,2})(?: until=(\S{1,40}))?$/;

/**
 * What our known_hosts file says. sshd(8) allows several keys for one name, any of which will do. Times are in
 * milliseconds since the epoch.
 */
export class KnownHosts {
  /** By alias: its keys, and until when each counts. That of a key in use is infinite. */
  readonly #hosts = new Map<string, Map<string, number>>();

  /** Reads a file of ours. Lines that are not ours are dropped. */
  static parse(text: string): KnownHosts {
    const hosts = new KnownHosts();
    for (const line of text.split(/\r?\n/)) {
      const [, alias, hostKey, until] = linePattern.exec(line) ?? [];
      if (!alias || !hostKey || !isAlias(alias)) continue;
      hosts.#keysOf(alias).set(hostKey, until === undefined ? Infinity : Date.parse(until));
    }
    return hosts;
  }

  get aliases(): string[] {
    return [...this.#hosts.keys()];
  }

  /** Has a key count for {@link OVERLAP_MS} that may soon be in use. */
  announce({ alias, hostKey }: HostEntry, now: number): void {
    const keys = this.#keysOf(alias);
    if (keys.get(hostKey) !== Infinity) keys.set(hostKey, now + OVERLAP_MS);
  }

  /** Makes a key the one in use; the one before counts for {@link OVERLAP_MS} more. */
  set({ alias, hostKey }: HostEntry, now: number): void {
    const keys = this.#keysOf(alias);
    for (const [key, until] of keys) {
      if (until === Infinity && key !== hostKey) keys.set(key, now + OVERLAP_MS);
    }
    keys.set(hostKey, Infinity);
  }

  /** Has a key be in use beside others: an editor of the same kind has keys of its own. */
  share({ alias, hostKey }: HostEntry): void {
    this.#keysOf(alias).set(hostKey, Infinity);
  }

  /** Whether a key counts, and will until a connection that begins now has shown it. */
  accepts({ alias, hostKey }: HostEntry, now: number): boolean {
    const until = this.#hosts.get(alias)?.get(hostKey);
    return until !== undefined && counts(until, now + BEGINNING_MS) && counts(until, now);
  }

  delete(alias: string): void {
    this.#hosts.delete(alias);
  }

  clear(): void {
    this.#hosts.clear();
  }

  /** The file's text, without keys that count no more. */
  format(now: number): string {
    const lines = [...this.#hosts].flatMap(([alias, keys]) =>
      [...keys]
        .filter(([, until]) => counts(until, now))
        .sort(([, a], [, b]) => (a === b ? 0 : b - a))
        .slice(0, 1 + MAX_OVERLAPPING_KEYS)
        .map(([hostKey, until]) => `${alias} ${hostKey}${comment(until)}\n`),
    );
    return lines.sort().join('');
  }

  #keysOf(alias: string): Map<string, number> {
    const keys = this.#hosts.get(alias) ?? new Map<string, number>();
    this.#hosts.set(alias, keys);
    return keys;
  }
}

function counts(until: number, now: number): boolean {
  // A clock that was set back must not make it last.
  return until === Infinity || (until > now && until <= now + OVERLAP_MS);
}

function comment(until: number): string {
  return until === Infinity ? '' : ` until=${new Date(until).toISOString()}`;
}
