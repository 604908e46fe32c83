import assert from 'node:assert/strict';
import {
  admissionOf,
  deriveSecret,
  isAdmissionOf,
  keyIdOf,
  keyIdOfAdmission,
} from '../../../src/agentProtocol/secret';

describe('The secret of an agent', () => {
  const secret = deriveSecret('user key');
  const other = deriveSecret('another user key');

  it('is the same for the same user key, and no other', () => {
    assert.ok(deriveSecret('user key').equals(secret));
    assert.ok(!other.equals(secret));
  });

  it('is derived as RFC 5869 says', () => {
    // openssl kdf -keylen 32 -kdfopt digest:SHA256 -kdfopt key:'user key' -kdfopt info:'cloud-sandboxes agent 1' HKDF
    assert.equal(secret.toString('hex'), 'af9be561610fc4c8eb982ee0603cb3741c4641533135bf8beede1b73aa510aee');
  });

  it('has a public name that says nothing of it', () => {
    assert.match(keyIdOf(secret), /^[0-9a-f]{16}$/);
    assert.ok(!secret.toString('hex').includes(keyIdOf(secret)));
  });

  it('admits its holder, whose admission names it', () => {
    assert.equal(keyIdOfAdmission(admissionOf(secret)), keyIdOf(secret));
    assert.ok(isAdmissionOf(secret, admissionOf(secret)));
    assert.ok(!isAdmissionOf(other, admissionOf(secret)));
  });

  const malformed = [
    { name: 'nothing', admission: '' },
    { name: 'a name alone', admission: keyIdOf(secret) },
    { name: 'a name that leads elsewhere', admission: `../../etc/passwd.${'0'.repeat(64)}` },
    { name: 'a short proof', admission: admissionOf(secret).slice(0, -1) },
    { name: 'a long one', admission: `${admissionOf(secret)}0` },
    { name: 'capitals', admission: admissionOf(secret).toUpperCase() },
    { name: 'more parts', admission: `${admissionOf(secret)}.0` },
  ];
  for (const { name, admission } of malformed) {
    it(`finds no admission in ${name}`, () => {
      assert.equal(keyIdOfAdmission(admission), undefined);
      assert.equal(isAdmissionOf(secret, admission), false);
    });
  }
});
