import assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { StateFile } from '../../../src/sandboxes/stateFile';
import { useTempDir } from '../../helpers/tempDir';

describe('StateFile', () => {
  const temp = useTempDir();
  const file = (): string => path.join(temp.path, 'storage', 'state.json');
  const openWindow = (): StateFile => new StateFile(file());

  it('keeps values for windows that open later', async () => {
    await openWindow().update('a', { b: ['c'] });
    const later = openWindow();
    await later.reload();

    assert.deepEqual(later.get('a'), { b: ['c'] });
    assert.deepEqual(later.keys(), ['a']);
  });

  it('loses nothing when windows write at once', async () => {
    const windows = [openWindow(), openWindow(), openWindow()];
    await Promise.all(
      windows.flatMap((window, index) => [0, 1, 2].map((n) => window.update(`${index} ${n}`, n))),
    );
    const later = openWindow();
    await later.reload();

    assert.equal(later.keys().length, 9);
  });

  it('makes a value of the latest one, whichever window wrote it', async () => {
    const windows = [openWindow(), openWindow(), openWindow()];
    const increment = (current: unknown): number => Number(current ?? 0) + 1;
    await Promise.all(windows.flatMap((window) => [1, 2].map(() => window.change('count', increment))));
    const later = openWindow();
    await later.reload();

    assert.equal(later.get('count'), 6);
  });

  it('sees what other windows wrote when it writes', async () => {
    const [one, other] = [openWindow(), openWindow()];
    await one.update('a', 1);
    await other.update('b', 2);

    assert.deepEqual([...other.keys()].sort(), ['a', 'b']);
  });

  it('removes a key', async () => {
    const window = openWindow();
    await window.update('a', 1);
    await window.update('a', undefined);
    await window.reload();

    assert.deepEqual(window.keys(), []);
  });

  it('makes no file to remove what is not there', async () => {
    await openWindow().update('a', undefined);

    await assert.rejects(fs.access(file()), { code: 'ENOENT' });
  });

  it('gives another revision with each change', async () => {
    const window = openWindow();
    const before = window.revision;
    await window.update('a', 1);

    assert.notEqual(window.revision, before);
  });

  it('is readable for its user only', async () => {
    await openWindow().update('a', 1);

    assert.equal((await fs.stat(file())).mode & 0o777, 0o600);
  });

  for (const content of ['', '{', '[]', '{"version":2,"values":{}}']) {
    it(`leaves a file with ${JSON.stringify(content)} alone, and names it`, async () => {
      await openWindow().update('a', 1);
      const window = openWindow();
      await window.reload();
      await fs.writeFile(file(), content);
      const refusal = { code: 'damaged', message: new RegExp(`^${file()} is damaged`) };

      await assert.rejects(window.reload(), refusal);
      await assert.rejects(window.update('b', 2), refusal);
      assert.equal(await fs.readFile(file(), 'utf8'), content);
      assert.equal(window.get('a'), 1);
    });
  }
});
