import * as fs from 'node:fs/promises';
import { delay } from '../base/async';
import { CodedError, describeError } from '../base/errors';
import { ensurePrivateDir, readIfExists, writeFileAtomic } from '../base/files';
import type { Logger } from '../base/logger';
import type { SecretStore } from '../base/secretStore';
import { isAlias } from './alias';
import { withFileLock } from '../base/fileLock';
import { generateKeyPair, type SandboxKeys } from './keyPair';
import { publicHalves, publicKeysFile } from './publicKeys';
import { parseKeys, serializeKeys } from './secretFormat';

/** - `bad-alias`: not an alias; - `store-failed`: the computer's secret storage refused to work */
export type VaultErrorCode = 'bad-alias' | 'store-failed';

/** Why there are no keys; the message names the alias. */
export class VaultError extends CodedError<VaultErrorCode> {}

export interface VaultOptions {
  readonly secrets: SecretStore;
  /**
   * Folder of public keys, shared by exactly those processes that share the secrets: a file in it tells that some
   * window has made keys, even while they are not yet visible in this window's view of the secrets.
   */
  readonly publicKeysDir: string;
  readonly log: Logger;
  /** How long to wait for the secret that belongs to a known public key before making new keys. */
  readonly secretDelayMs?: number;
}

/** How often to look for a secret that another window stored. */
const POLL_MS = 100;

/**
 * The keys of each sandbox: private halves in the secret store, one secret for each alias. Several windows may
 * provision an alias at once and all get the same keys.
 */
export class Vault {
  readonly #secrets: SecretStore;
  readonly #dir: string;
  readonly #log: Logger;
  readonly #secretDelayMs: number;
  /** Aliases whose damaged keys were reported: they are looked at again and again. */
  readonly #damaged = new Set<string>();
  /** Work under way in this process, so that callers share it. */
  readonly #provisioning = new Map<string, Promise<SandboxKeys>>();

  constructor(options: VaultOptions) {
    this.#secrets = options.secrets;
    this.#dir = options.publicKeysDir;
    this.#log = options.log;
    this.#secretDelayMs = options.secretDelayMs ?? 5000;
  }

  /**
   * The alias's keys, made now if there are none.
   * Rejects with a VaultError, or with a FileError or LockError about the folder of public keys.
   */
  provision(alias: string): Promise<SandboxKeys> {
    const running = this.#provisioning.get(alias);
    if (running) return running;
    const work = this.#provision(alias).finally(() => this.#provisioning.delete(alias));
    this.#provisioning.set(alias, work);
    return work;
  }

  /**
   * The alias's keys if they are there; undefined also if what is stored is unusable. Those that another window has
   * just made are waited for.
   */
  async find(alias: string): Promise<SandboxKeys | undefined> {
    return this.#awaitClaimed(alias);
  }

  /**
   * Makes new keys for an alias and forgets the old ones. Nobody gets them before `announce` has resolved.
   * Rejects as {@link provision} or `announce` does; then the old keys stay.
   */
  async rotate(alias: string, announce: (keys: SandboxKeys) => Promise<void>): Promise<SandboxKeys> {
    return this.#locked(alias, async () => {
      const keys = { host: generateKeyPair(), user: generateKeyPair() };
      await announce(keys);
      await this.#publish(alias, keys);
      return keys;
    });
  }

  /** Deletes the alias's keys. */
  async forget(alias: string): Promise<void> {
    await this.#locked(alias, async () => {
      await this.#guard('delete', alias, () => this.#secrets.delete(secretName(alias)));
      await fs.rm(this.#claimPath(alias), { force: true });
    });
  }

  async #provision(alias: string): Promise<SandboxKeys> {
    const claim = await this.#readClaim(alias);
    const keys = await this.#read(alias);
    if (keys && claim === publicHalves(keys)) return keys;
    return this.#locked(alias, async () => {
      const found = await this.#awaitClaimed(alias);
      if (found && (await this.#readClaim(alias)) === publicHalves(found)) return found;
      const current = found ?? { host: generateKeyPair(), user: generateKeyPair() };
      await this.#publish(alias, current);
      return current;
    });
  }

  async #read(alias: string): Promise<SandboxKeys | undefined> {
    const secret = await this.#guard('read', alias, () => this.#secrets.get(secretName(alias)));
    if (secret === undefined) return undefined;
    const keys = parseKeys(secret);
    if (!keys && !this.#damaged.has(alias)) {
      this.#damaged.add(alias);
      this.#log.warn(`The stored keys of ${alias} are damaged and are not used`);
    }
    return keys;
  }

  /**
   * The keys that the public key file tells of, waiting until their secret is visible here; what the store holds
   * if there is no such file or the secret never comes (its maker died before storing it).
   */
  async #awaitClaimed(alias: string): Promise<SandboxKeys | undefined> {
    const claim = await this.#readClaim(alias);
    const deadline = Date.now() + this.#secretDelayMs;
    for (;;) {
      const keys = await this.#read(alias);
      if (claim === undefined || (keys && claim === publicHalves(keys))) return keys;
      if (Date.now() >= deadline) {
        this.#log.warn(`The secret of ${alias}'s public key did not appear`);
        return keys;
      }
      await delay(POLL_MS);
    }
  }

  /** Tells other windows of the keys, then stores them: between the two they wait. */
  async #publish(alias: string, keys: SandboxKeys): Promise<void> {
    await writeFileAtomic(this.#claimPath(alias), publicHalves(keys));
    try {
      await this.#guard('store', alias, () => this.#secrets.store(secretName(alias), serializeKeys(keys)));
    } catch (error) {
      await fs.rm(this.#claimPath(alias), { force: true });
      throw error;
    }
  }

  async #locked<T>(alias: string, work: () => Promise<T>): Promise<T> {
    if (!isAlias(alias)) throw new VaultError('bad-alias', `"${describeError(alias)}" is not an alias`);
    await ensurePrivateDir(this.#dir);
    return withFileLock(`${this.#claimPath(alias)}.lock`, work);
  }

  async #readClaim(alias: string): Promise<string | undefined> {
    if (!isAlias(alias)) throw new VaultError('bad-alias', `"${describeError(alias)}" is not an alias`);
    return (await readIfExists(this.#claimPath(alias)))?.toString('utf8');
  }

  #claimPath(alias: string): string {
    return publicKeysFile(this.#dir, alias);
  }

  async #guard<T>(verb: string, alias: string, call: () => PromiseLike<T>): Promise<T> {
    try {
      return await call();
    } catch (cause) {
      const why = describeError(cause);
      const message = `Cannot ${verb} the keys of ${alias} in the secret storage of this computer (${why}); unlock it and try again`;
      throw new VaultError('store-failed', message, { cause });
    }
  }
}

function secretName(alias: string): string {
  return `sandboxKeys/${alias}`;
}
