import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import * as path from 'node:path';
import { silentLogger, type Logger } from '../../../src/base/logger';
import type { SecretStore } from '../../../src/base/secretStore';
import { MemorySecretStore } from '../../../src/keys/secretStore';
import { Vault } from '../../../src/keys/vault';
import { eventually } from '../../helpers/eventually';
import { useTempDir } from '../../helpers/tempDir';

const alias = 'web-aaaabbbbcccc.vscode.sbx';
const secretName = `sandboxKeys/${alias}`;
const noAnnouncement = (): Promise<void> => Promise.resolve();

describe('Vault', () => {
  const dir = useTempDir();
  const vaultOf = (secrets: SecretStore, log: Logger = silentLogger): Vault =>
    new Vault({ secrets, publicKeysDir: path.join(dir.path, 'keys'), log, secretDelayMs: 300 });

  it('makes the keys of an alias once', async () => {
    const secrets = new MemorySecretStore();
    const keys = await vaultOf(secrets).provision(alias);
    assert.deepEqual(await vaultOf(secrets).provision(alias), keys);
    assert.deepEqual(await vaultOf(secrets).find(alias), keys);
  });

  it('gives callers at the same time the same keys', async () => {
    const secrets = new MemorySecretStore();
    const vaults = [vaultOf(secrets), vaultOf(secrets), vaultOf(secrets)];
    const all = await Promise.all(
      vaults.flatMap((vault) => [vault.provision(alias), vault.provision(alias)]),
    );
    assert.equal(new Set(all.map((keys) => keys.host.privateKey)).size, 1);
  });

  it('gives different aliases different keys, and a host key that is not the user key', async () => {
    const vault = vaultOf(new MemorySecretStore());
    const [one, two] = await Promise.all([vault.provision(alias), vault.provision(`x-${alias}`)]);
    assert.equal(new Set([one, two].flatMap((keys) => [keys.host.publicKey, keys.user.publicKey])).size, 4);
  });

  it('writes no private key to disk', async () => {
    await vaultOf(new MemorySecretStore()).provision(alias);
    const folder = path.join(dir.path, 'keys');
    for (const name of readdirSync(folder)) {
      assert.doesNotMatch(readFileSync(path.join(folder, name), 'utf8'), /PRIVATE/);
    }
  });

  it('finds nothing before the keys are made', async () => {
    assert.equal(await vaultOf(new MemorySecretStore()).find(alias), undefined);
  });

  it('forgets secret and public key', async () => {
    const secrets = new MemorySecretStore();
    const vault = vaultOf(secrets);
    const keys = await vault.provision(alias);
    await vault.forget(alias);
    assert.equal(await vault.find(alias), undefined);
    assert.deepEqual(readdirSync(path.join(dir.path, 'keys')), []);
    assert.notEqual((await vault.provision(alias)).host.publicKey, keys.host.publicKey);
  });

  it('has new keys after a rotation, and the old ones no more', async () => {
    const secrets = new MemorySecretStore();
    const vault = vaultOf(secrets);
    const old = await vault.provision(alias);
    const made = await vault.rotate(alias, noAnnouncement);
    const halves = [old, made].flatMap(({ host, user }) => [host.privateKey, user.privateKey]);
    assert.equal(new Set(halves).size, 4);
    assert.deepEqual(await vaultOf(secrets).find(alias), made);
    assert.deepEqual(await vaultOf(secrets).provision(alias), made);
  });

  it('gives nobody new keys that are not announced yet', async () => {
    const secrets = new MemorySecretStore();
    const vault = vaultOf(secrets);
    const old = await vault.provision(alias);
    const announced: string[] = [];
    const made = await vault.rotate(alias, async ({ host }) => {
      assert.deepEqual(await vaultOf(secrets).find(alias), old);
      announced.push(host.publicKey);
    });
    assert.deepEqual(announced, [made.host.publicKey]);
  });

  it('keeps the old keys when new ones cannot be announced', async () => {
    const vault = vaultOf(new MemorySecretStore());
    const old = await vault.provision(alias);
    const refused = vault.rotate(alias, () => Promise.reject(new Error('disk full')));
    await assert.rejects(refused, { message: 'disk full' });
    assert.deepEqual(await vault.find(alias), old);
  });

  it('keeps the old keys when new ones cannot be stored', async () => {
    const secrets = new MemorySecretStore();
    const vault = vaultOf(secrets);
    const old = await vault.provision(alias);
    secrets.store = () => Promise.reject(new Error('keyring is locked'));
    await assert.rejects(vault.rotate(alias, noAnnouncement), { code: 'store-failed' });
    assert.deepEqual(await vault.find(alias), old);
  });

  it('finds the keys that another window has made, once this window sees them', async () => {
    const ours = new MemorySecretStore();
    const theirs = new MemorySecretStore();
    await vaultOf(ours).provision(alias);
    const made = await vaultOf(theirs).rotate(alias, noAnnouncement);
    let looks = 0;
    const get = ours.get.bind(ours);
    ours.get = (name) => {
      looks++;
      return get(name);
    };
    const found = vaultOf(ours).find(alias);
    await eventually(() => assert.equal(looks, 1));
    await ours.store(secretName, (await theirs.get(secretName))!);
    assert.deepEqual(await found, made);
  });

  it('keeps the keys when the public key file is lost', async () => {
    const vault = vaultOf(new MemorySecretStore());
    const keys = await vault.provision(alias);
    rmSync(path.join(dir.path, 'keys'), { recursive: true });
    assert.deepEqual(await vault.provision(alias), keys);
    assert.ok(existsSync(path.join(dir.path, 'keys', `${alias}.pub`)));
  });

  it('replaces keys whose secret is lost', async () => {
    const secrets = new MemorySecretStore();
    const vault = vaultOf(secrets);
    const lost = await vault.provision(alias);
    await secrets.delete(secretName);
    const made = await vault.provision(alias);
    assert.notEqual(made.host.publicKey, lost.host.publicKey);
    assert.deepEqual(await vault.find(alias), made);
  });

  it('warns of a damaged secret and replaces it', async () => {
    const secrets = new MemorySecretStore();
    const warnings: string[] = [];
    const vault = vaultOf(secrets, { ...silentLogger, warn: (text) => warnings.push(text) });
    await vault.provision(alias);
    await secrets.store(secretName, 'garbage');
    const made = await vault.provision(alias);
    assert.deepEqual(await vault.find(alias), made);
    assert.match(warnings.join('\n'), /damaged/);
  });

  it('reports a locked keyring and claims no key', async () => {
    const secrets = new MemorySecretStore();
    secrets.store = () => Promise.reject(new Error('keyring is locked'));
    await assert.rejects(vaultOf(secrets).provision(alias), {
      code: 'store-failed',
      message: /keyring is locked/,
    });
    assert.deepEqual(readdirSync(path.join(dir.path, 'keys')), []);
  });

  it('refuses an alias that is a path', async () => {
    await assert.rejects(vaultOf(new MemorySecretStore()).provision('../../x.sbx'), { code: 'bad-alias' });
  });
});
