import assert from 'node:assert/strict';
import { utils } from 'ssh2';
import { generateKeyPair } from '../../../src/keys/keyPair';
import { parseKeys, serializeKeys } from '../../../src/keys/secretFormat';

describe('generateKeyPair', () => {
  it('makes readable keys only, though one in 256 of ssh2 is not', () => {
    for (let round = 0; round < 600; round++) {
      const { privateKey, publicKey } = generateKeyPair();
      const parsed = utils.parseKey(privateKey);
      assert.ok(!(parsed instanceof Error));
      assert.equal(parsed.getPublicSSH().toString('base64'), publicKey.split(' ')[1]);
    }
  });
});

describe('stored keys', () => {
  const keys = { host: generateKeyPair(), user: generateKeyPair() };

  it('are read back as they were', () => assert.deepEqual(parseKeys(serializeKeys(keys)), keys));

  const stored = JSON.parse(serializeKeys(keys)) as Record<string, unknown>;
  const damaged = [
    { name: 'nothing', secret: '' },
    { name: 'half a secret', secret: serializeKeys(keys).slice(0, 200) },
    { name: 'other JSON', secret: '[]' },
    { name: 'another version', secret: JSON.stringify({ ...stored, version: 2 }) },
    { name: 'a missing key', secret: JSON.stringify({ ...stored, user: undefined }) },
    { name: 'a public key instead', secret: JSON.stringify({ ...stored, host: keys.host.publicKey }) },
    { name: 'a key of another kind', secret: JSON.stringify({ ...stored, host: ecdsaKey() }) },
  ];
  for (const { name, secret } of damaged) {
    it(`are refused if they are ${name}`, () => assert.equal(parseKeys(secret), undefined));
  }
});

function ecdsaKey(): string {
  return utils.generateKeyPairSync('ecdsa', { bits: 256 }).private;
}
