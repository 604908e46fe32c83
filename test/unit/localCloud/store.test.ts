import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import type { BoxRecord } from '../../../src/localCloud/boxRecord';
import { describeError } from '../../../src/base/errors';
import { BoxStore } from '../../../src/localCloud/store';
import { useTempDir } from '../../helpers/tempDir';

const record: BoxRecord = {
  id: 'a1',
  name: 'any "text"\n',
  runtime: 'process',
  cpus: 1,
  memoryMib: 512,
  env: { A: 'b' },
  network: true,
  autoStop: 900,
  autoDelete: 0,
  autoResume: true,
  status: 'configured',
  createdAt: '2026-01-01T00:00:00.000Z',
  updatedAt: '2026-01-01T00:00:00.000Z',
};

describe('BoxStore', () => {
  const dir = useTempDir();
  const load = (failures: unknown[] = []) => new BoxStore(dir.path).load((error) => failures.push(error));

  const save = async (box: BoxRecord): Promise<void> => {
    const store = new BoxStore(dir.path);
    await store.makeFolder(box.id);
    await store.save(box);
  };

  it('returns what was saved', async () => {
    await save(record);

    assert.deepEqual(await load(), [record]);
  });

  const broken = [
    { what: 'cut short', content: '{"id":"a1"' },
    { what: 'of another form', content: '{"id":"a1"}' },
    { what: 'of another box', content: JSON.stringify({ ...record, id: 'b2' }) },
    { what: 'empty', content: '' },
  ];
  for (const { what, content } of broken) {
    it(`names a record that is ${what}, keeps it, and loads the others`, async () => {
      const file = path.join(dir.path, 'a1', 'box.json');
      mkdirSync(path.dirname(file));
      writeFileSync(file, content);

      const failures: unknown[] = [];
      const other = { ...record, id: 'c3' };
      await save(other);

      assert.deepEqual(await load(failures), [other]);
      assert.equal(failures.length, 1);
      assert.ok(describeError(failures[0]).includes(file));
      assert.ok(existsSync(file));
    });
  }

  it('completes a removal that was cut short', async () => {
    const left = path.join(dir.path, 'a1', 'home');
    mkdirSync(left, { recursive: true });

    assert.deepEqual(await load(), []);
    assert.equal(existsSync(left), false);
  });

  it('does not bring back a folder that somebody removed', async () => {
    await assert.rejects(new BoxStore(dir.path).save(record), { code: 'unwritable' });
  });
});
