import assert from 'node:assert/strict';
import { silentLogger } from '../../../src/base/logger';
import { MemorySecretStore } from '../../../src/keys/secretStore';
import { Vault } from '../../../src/keys/vault';
import type { HostEntry } from '../../../src/sshConfig/knownHosts';
import { Provisioner } from '../../../src/sshConfig/provisioner';
import { useTempDir } from '../../helpers/tempDir';

const alias = 'web-aaaabbbbcccc.vscode.sbx';

describe('Provisioner', () => {
  const dir = useTempDir();
  let vault: Vault;
  let written: string[];
  /** What happens just before a window writes the key that it has found. */
  let beforeWriting: (() => Promise<void>) | undefined;
  let provisioner: Provisioner;

  beforeEach(() => {
    vault = new Vault({ secrets: new MemorySecretStore(), publicKeysDir: dir.path, log: silentLogger });
    written = [];
    beforeWriting = undefined;
    const write = async (verb: string, entries: readonly HostEntry[]): Promise<void> => {
      const interruption = beforeWriting;
      beforeWriting = undefined;
      await interruption?.();
      written.push(...entries.map(({ hostKey }) => `${verb} ${hostKey}`));
    };
    const hosts = {
      add: (entries: readonly HostEntry[]) => write('use', entries),
      announce: (entries: readonly HostEntry[]) => write('announce', entries),
      remove: () => Promise.resolve(),
    };
    provisioner = new Provisioner({ vault, hosts });
  });

  const currentKey = async (): Promise<string> => (await vault.find(alias))!.host.publicKey;

  it('announces a new key to ssh before anybody can get it', async () => {
    await provisioner.provision([alias]);
    const old = await currentKey();
    let foundMeanwhile: string | undefined;
    beforeWriting = async () => void (foundMeanwhile = await currentKey());

    await provisioner.rotate(alias);

    const made = await currentKey();
    assert.equal(foundMeanwhile, old);
    assert.deepEqual(written, [`use ${old}`, `announce ${made}`, `use ${made}`]);
  });

  it('does not put an old key back over one that was made meanwhile', async () => {
    beforeWriting = () => provisioner.rotate(alias);

    const keys = (await provisioner.provision([alias])).get(alias);

    assert.equal(keys?.host.publicKey, await currentKey());
    assert.equal(written.at(-1), `use ${await currentKey()}`);
  });
});
