import assert from 'node:assert/strict';
import { formatKnownHosts, parseKnownHosts } from '../../../src/sshConfig/knownHosts';

const alias = 'a-aaaaaaaaaaaa.vscode.sbx';
const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBzm';

describe('known_hosts', () => {
  it('is read as it was written', () => {
    const keys = new Map([
      [alias, key],
      [`b-${alias}`, `${key}1`],
    ]);
    assert.deepEqual(parseKnownHosts(formatKnownHosts(keys)), keys);
  });

  const dropped = ['', '# comment', `* ${key}`, `@cert-authority ${alias} ${key}`, `${alias} ssh-rsa AAAA`];
  for (const line of [...dropped, `${alias},* ${key}`, `${alias} ${key} comment`, `|1|x= ${key}`]) {
    it(`loses what is not ours: ${JSON.stringify(line)}`, () =>
      assert.deepEqual([...parseKnownHosts(`${line}\r\n${alias} ${key}\n`)], [[alias, key]]));
  }

  it('keeps the last of two keys', () => {
    assert.equal(parseKnownHosts(`${alias} ${key}\n${alias} ${key}2\n`).get(alias), `${key}2`);
  });
});
