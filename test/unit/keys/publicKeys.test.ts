import assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { publicHalves, publicKeysFile, readHostKeys } from '../../../src/keys/publicKeys';
import { generateKeyPair } from '../../../src/keys/keyPair';
import { useTempDir } from '../../helpers/tempDir';

const alias = 'web-aaaabbbbcccc.vscode.sbx';

describe('A folder of public keys', () => {
  const temp = useTempDir();

  it('tells the host keys in it, and of nothing else that lies there', async () => {
    const keys = { host: generateKeyPair(), user: generateKeyPair() };
    await fs.writeFile(publicKeysFile(temp.path, alias), publicHalves(keys));
    await fs.mkdir(publicKeysFile(temp.path, `folder-${alias}`));
    await fs.mkdir(`${publicKeysFile(temp.path, alias)}.lock`);
    await fs.writeFile(publicKeysFile(temp.path, `damaged-${alias}`), 'ssh-ed25519 AAAA,* host\n');
    await fs.writeFile(publicKeysFile(temp.path, 'no alias'), publicHalves(keys));

    assert.deepEqual([...(await readHostKeys(temp.path))], [[alias, keys.host.publicKey]]);
  });

  it('tells of none where it is gone', async () => {
    assert.equal((await readHostKeys(path.join(temp.path, 'gone'))).size, 0);
  });
});
