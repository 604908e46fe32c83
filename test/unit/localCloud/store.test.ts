import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import type { BoxRecord } from '../../../src/localCloud/boxRecord';
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

  it('returns what was saved', async () => {
    await new BoxStore(dir.path).create(record);

    assert.deepEqual(await new BoxStore(dir.path).load(), [record]);
  });

  const broken = [
    { what: 'cut short', content: '{"id":"a1"' },
    { what: 'of another form', content: '{"id":"a1"}' },
    { what: 'of another box', content: JSON.stringify({ ...record, id: 'b2' }) },
    { what: 'empty', content: '' },
  ];
  for (const { what, content } of broken) {
    it(`names a record that is ${what}, and keeps it`, async () => {
      const file = path.join(dir.path, 'a1', 'box.json');
      mkdirSync(path.dirname(file));
      writeFileSync(file, content);

      await assert.rejects(new BoxStore(dir.path).load(), (error: Error) => error.message.includes(file));
      assert.ok(existsSync(file));
    });
  }

  it('completes a removal that was cut short', async () => {
    const left = path.join(dir.path, 'a1', 'home');
    mkdirSync(left, { recursive: true });

    assert.deepEqual(await new BoxStore(dir.path).load(), []);
    assert.equal(existsSync(left), false);
  });

  it('does not bring back a folder that somebody removed', async () => {
    await assert.rejects(new BoxStore(dir.path).save(record), { code: 'unwritable' });
  });
});
