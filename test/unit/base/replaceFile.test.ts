import assert from 'node:assert/strict';
import { replaceFile } from '../../../src/base/replaceFile';

/** A file that cannot be replaced until it was tried that often. */
class HeldFile {
  tries = 0;
  waitedMs = 0;

  constructor(
    private readonly failures: number,
    private readonly code: string,
  ) {}

  replace(platform: NodeJS.Platform): Promise<void> {
    return replaceFile('a', 'b', {
      platform,
      rename: () => {
        const error = Object.assign(new Error(this.code), { code: this.code });
        return this.tries++ < this.failures ? Promise.reject(error) : Promise.resolve();
      },
      wait: (ms) => Promise.resolve(void (this.waitedMs += ms)),
    });
  }
}

describe('replaceFile', () => {
  for (const code of ['EPERM', 'EACCES', 'EBUSY']) {
    it(`waits on Windows until nobody reads what it replaces: ${code}`, async () => {
      const file = new HeldFile(3, code);

      await file.replace('win32');

      assert.equal(file.tries, 4);
    });
  }

  it('gives up after some seconds', async () => {
    const file = new HeldFile(Infinity, 'EPERM');

    await assert.rejects(file.replace('win32'), { code: 'EPERM' });
    assert.equal(file.waitedMs, 2_500);
  });

  const final = [
    { why: 'another failure', platform: 'win32', code: 'ENOSPC' },
    { why: 'a system that replaces files in use', platform: 'linux', code: 'EACCES' },
    { why: 'a system that replaces files in use', platform: 'darwin', code: 'EPERM' },
  ] as const;
  for (const { why, platform, code } of final) {
    it(`does not wait for ${why}: ${code} on ${platform}`, async () => {
      const file = new HeldFile(1, code);

      await assert.rejects(file.replace(platform), { code });
      assert.equal(file.tries, 1);
    });
  }
});
