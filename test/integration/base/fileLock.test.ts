import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { delay } from '../../../src/base/async';
import { LockError, withFileLock } from '../../../src/base/fileLock';
import { skipFor } from '../../helpers/require';
import { useTempDir } from '../../helpers/tempDir';

describe('a lock that all processes respect', () => {
  const temp = useTempDir();

  it('lets one work at a time', async () => {
    const lock = path.join(temp.path, 'lock');
    let inside = 0;

    const work = async (): Promise<number> => {
      const most = ++inside;
      await delay(20);
      inside--;
      return most;
    };

    assert.deepEqual(await Promise.all([1, 2, 3].map(() => withFileLock(lock, work))), [1, 1, 1]);
  });

  it('is free again after work that failed', async () => {
    const lock = path.join(temp.path, 'lock');
    await assert.rejects(
      withFileLock(lock, () => Promise.reject(new Error('no'))),
      { message: 'no' },
    );

    assert.equal(await withFileLock(lock, () => Promise.resolve('done')), 'done');
  });

  const impossible = [
    { name: 'whose folder is not there', folder: 'nowhere', code: 'gone' },
    { name: 'whose folder is a file', folder: 'file', code: 'failed' },
  ];
  for (const { name, folder, code } of impossible) {
    it(`is not waited for ${name}`, async function () {
      if (process.platform === 'win32')
        skipFor(this, 'a folder that is a file looks like one that is not there');
      writeFileSync(path.join(temp.path, 'file'), '');
      const lock = path.join(temp.path, folder, 'lock');

      await assert.rejects(
        withFileLock(lock, () => assert.fail('has no lock')),
        (error: unknown) => error instanceof LockError && error.code === code && error.message.includes(lock),
      );
    });
  }
});
