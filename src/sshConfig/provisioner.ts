import type { SandboxKeys } from '../keys/keyPair';
import type { Vault } from '../keys/vault';
import type { HostFiles } from './hostFiles';

export interface ProvisionerOptions {
  readonly vault: Pick<Vault, 'provision' | 'rotate' | 'forget'>;
  readonly hosts: Pick<HostFiles, 'add' | 'remove'>;
}

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
    const keys = new Map<string, SandboxKeys>();
    await Promise.all(
      aliases.map(async (alias) => {
        keys.set(alias, await this.#options.vault.provision(alias));
      }),
    );
    await this.#options.hosts.add([...keys].map(([alias, { host }]) => ({ alias, hostKey: host.publicKey })));
    return keys;
  }

  /** Gives an alias new keys; ssh expects them from the next connection on. Rejects as {@link provision} does. */
  async rotate(alias: string): Promise<void> {
    const { host } = await this.#options.vault.rotate(alias);
    await this.#options.hosts.add([{ alias, hostKey: host.publicKey }]);
  }

  /** Removes a sandbox's entries, then its keys. */
  async forget(alias: string): Promise<void> {
    await this.#options.hosts.remove([alias]);
    await this.#options.vault.forget(alias);
  }
}
