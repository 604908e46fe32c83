import assert from 'node:assert/strict';
import { chmodSync, statSync } from 'node:fs';
import * as path from 'node:path';
import { updateOwnFile } from '../../../src/sshConfig/ownFile';
import { useTempDir } from '../../helpers/tempDir';

describe('updateOwnFile', () => {
  const dir = useTempDir();
  const file = (): string => path.join(dir.path, 'file');

  for (const platform of ['linux', 'darwin', 'win32'] as const) {
    it(`writes on ${platform} what is new or other, and nothing that is right`, async () => {
      assert.equal(await updateOwnFile(file(), 'one', 0o600, platform), true);
      assert.equal(await updateOwnFile(file(), 'one', 0o600, platform), false);
      assert.equal(await updateOwnFile(file(), 'two', 0o600, platform), true);
    });
  }

  for (const platform of ['linux', 'darwin'] as const) {
    it(`repairs a mode on ${platform} for which ssh would refuse its configuration`, async () => {
      await updateOwnFile(file(), 'one', 0o600, platform);
      chmodSync(file(), 0o666);
      assert.equal(await updateOwnFile(file(), 'one', 0o600, platform), true);
      assert.equal(statSync(file()).mode & 0o777, 0o600);
    });
  }

  it('does not look at modes on Windows, which has none', async () => {
    await updateOwnFile(file(), 'one', 0o600, 'win32');
    chmodSync(file(), 0o666);
    assert.equal(await updateOwnFile(file(), 'one', 0o600, 'win32'), false);
  });
});
