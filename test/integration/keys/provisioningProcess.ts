/** One "window": provisions an alias with a secret storage that other windows' writes reach late. Prints the keys. */
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { silentLogger } from '../../../src/base/logger';
import type { SecretStore } from '../../../src/base/secretStore';
import { Vault } from '../../../src/keys/vault';

const [dir = '', alias = '', visibleAfterMs = '0'] = process.argv.slice(2);

/** Secrets in files; one written by another process is not seen before it is that old. */
class DelayedSecretStore implements SecretStore {
  readonly #own = new Map<string, string>();

  get(key: string): Promise<string | undefined> {
    const own = this.#own.get(key);
    if (own !== undefined) return Promise.resolve(own);
    try {
      const file = fileOf(key);
      const visible = Date.now() - statSync(file).mtimeMs >= Number(visibleAfterMs);
      return Promise.resolve(visible ? readFileSync(file, 'utf8') : undefined);
    } catch {
      return Promise.resolve(undefined);
    }
  }

  store(key: string, value: string): Promise<void> {
    writeFileSync(fileOf(key), value);
    this.#own.set(key, value);
    return Promise.resolve();
  }

  delete(key: string): Promise<void> {
    rmSync(fileOf(key), { force: true });
    this.#own.delete(key);
    return Promise.resolve();
  }
}

function fileOf(key: string): string {
  return path.join(dir, encodeURIComponent(key));
}

async function main(): Promise<void> {
  const vault = new Vault({
    secrets: new DelayedSecretStore(),
    publicKeysDir: path.join(dir, 'keys'),
    log: silentLogger,
  });
  const keys = await vault.provision(alias);
  process.stdout.write(JSON.stringify(keys));
}

void main();
