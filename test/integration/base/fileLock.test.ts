import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { createDeferred } from '../../../src/base/async';
import { LockError, withFileLock } from '../../../src/base/fileLock';
import { useTempDir } from '../../helpers/tempDir';

describe('a lock that all processes respect', () => {
  const temp = useTempDir();

  it('lets one work at a time', async () => {
    const lock = path.join(temp.path, 'lock');
    const steps: string[] = [];
    const [begun, enough] = [createDeferred<undefined>(), createDeferred<undefined>()];
    const first = withFileLock(lock, async () => {
      begun.resolve(undefined);
      await enough.promise;
      steps.push('first');
    });
    await begun.promise;

    const second = withFileLock(lock, () => Promise.resolve(steps.push('second')));
    enough.resolve(undefined);
    await Promise.all([first, second]);

    assert.deepEqual(steps, ['first', 'second']);
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
    it(`is not waited for ${name}`, async () => {
      writeFileSync(path.join(temp.path, 'file'), '');
      const lock = path.join(temp.path, folder, 'lock');

      await assert.rejects(
        withFileLock(lock, () => assert.fail('has no lock')),
        (error: unknown) => error instanceof LockError && error.code === code && error.message.includes(lock),
      );
    });
  }
});
