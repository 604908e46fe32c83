import assert from 'node:assert/strict';
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { ensureToken, isAuthorized } from '../../../src/localCloud/token';
import { useTempDir } from '../../helpers/tempDir';

const TOKEN = 'abcdefghijklmnopqrstuvwxyz0123456789';

describe('isAuthorized', () => {
  const cases = [
    { header: `Bearer ${TOKEN}`, want: true },
    { header: `bearer  ${TOKEN}`, want: true },
    { header: `Bearer ${TOKEN}x`, want: false },
    { header: `Bearer ${TOKEN.slice(1)}`, want: false },
    { header: `Bearer ${TOKEN.slice(0, -1)}`, want: false },
    { header: TOKEN, want: false },
    { header: 'Bearer ', want: false },
    { header: undefined, want: false },
  ];
  for (const { header, want } of cases) {
    it(`${want ? 'accepts' : 'rejects'} ${String(header)}`, () =>
      assert.equal(isAuthorized(header, TOKEN), want));
  }
});

describe('ensureToken', () => {
  const dir = useTempDir();

  it('makes a token once', async () => {
    const file = path.join(dir.path, 'new', 'token');

    const token = await ensureToken(file);

    assert.equal(Buffer.from(token, 'base64url').length, 32);
    assert.equal(await ensureToken(file), token);
  });

  it('closes a file that others could read', async () => {
    const file = path.join(dir.path, 'token');
    writeFileSync(file, TOKEN);
    chmodSync(file, 0o644);

    assert.equal(await ensureToken(file), TOKEN);
    assert.equal(statSync(file).mode & 0o777, 0o600);
  });

  for (const content of ['', 'short', `${TOKEN} and more`]) {
    it(`keeps a file of ${JSON.stringify(content)} and refuses it`, async () => {
      const file = path.join(dir.path, 'token');
      writeFileSync(file, content);

      await assert.rejects(ensureToken(file), { code: 'bad-token-file' });
      assert.equal(readFileSync(file, 'utf8'), content);
    });
  }
});
