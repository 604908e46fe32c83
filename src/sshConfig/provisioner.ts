import type { SandboxKeys } from '../keys/keyPair';
import type { Vault } from '../keys/vault';
import type { HostFiles } from './hostFiles';
import type { HostEntry } from './knownHosts';

export interface ProvisionerOptions {
  readonly vault: Pick<Vault, 'provision' | 'rotate' | 'forget'>;
  readonly hosts: Pick<HostFiles, 'add' | 'announce' | 'remove'>;
}

/** How often keys are written that are rotated again and again meanwhile. */
const MAX_ATTEMPTS = 3;

/** Makes ssh know sandboxes: keys in the vault, and entries in our own SSH files. */
export class Provisioner {
  readonly #options: ProvisionerOptions;

  constructor(options: ProvisionerOptions) {
    this.#options = options;
  }

  /**
   * Makes what is missing for these aliases and brings the files up to date.
   * Rejects with a VaultError, SshConfigError or LockError; what was done until then is kept and harmless.
   */
  async provision(aliases: readonly string[]): Promise<ReadonlyMap<string, SandboxKeys>> {
    let keys = await this.#keys(aliases);
    for (let attempt = 1; ; attempt++) {
      await this.#options.hosts.add(entriesOf(keys));
      // They may have been rotated before ours were written, over the new ones.
      const current = await this.#keys(aliases);
      if (attempt === MAX_ATTEMPTS || hasSameHosts(keys, current)) return keys;
      keys = current;
    }
  }

  /**
   * Gives an alias new keys. Connections that begin meanwhile work whichever they get: ssh then knows both.
   * Rejects as {@link provision} does.
   */
  async rotate(alias: string): Promise<void> {
    const { vault, hosts } = this.#options;
    const keys = await vault.rotate(alias, (made) => hosts.announce(entriesOf(new Map([[alias, made]]))));
    await hosts.add(entriesOf(new Map([[alias, keys]])));
  }

  /** Removes a sandbox's entries, then its keys. */
  async forget(alias: string): Promise<void> {
    await this.#options.hosts.remove([alias]);
    await this.#options.vault.forget(alias);
  }

  async #keys(aliases: readonly string[]): Promise<ReadonlyMap<string, SandboxKeys>> {
    const { vault } = this.#options;
    return new Map(
      await Promise.all(aliases.map(async (alias) => [alias, await vault.provision(alias)] as const)),
    );
  }
}

function entriesOf(keys: ReadonlyMap<string, SandboxKeys>): readonly HostEntry[] {
  return [...keys].map(([alias, { host }]) => ({ alias, hostKey: host.publicKey }));
}

function hasSameHosts(
  keys: ReadonlyMap<string, SandboxKeys>,
  others: ReadonlyMap<string, SandboxKeys>,
): boolean {
  return [...keys].every(([alias, { host }]) => others.get(alias)?.host.publicKey === host.publicKey);
}
