import assert from 'node:assert/strict';
import type { SandboxPage } from '../../../src/cloud/provider';
import { listAll } from '../../../src/sandboxes/listAll';
import { FakeCloud } from '../../helpers/fakeCloud';

describe('listAll', () => {
  it('joins the pages', async () => {
    const boxes = Array.from({ length: 7 }, (_, n) => ({
      id: `b${n}`,
      name: 'n',
      status: 'running' as const,
    }));
    const cloud = new FakeCloud(...boxes);
    cloud.pageSize = 3;

    assert.equal((await listAll(cloud)).length, 7);
    assert.equal(cloud.calls.length, 3);
  });

  it('refuses a list that repeats a page token', async () => {
    const listPage = (): Promise<SandboxPage> => Promise.resolve({ sandboxes: [], next: 'same' });

    await assert.rejects(listAll({ listPage }), { code: 'protocol' });
  });

  it('refuses a list without an end', async () => {
    let page = 0;
    const listPage = (): Promise<SandboxPage> => Promise.resolve({ sandboxes: [], next: String(page++) });

    await assert.rejects(listAll({ listPage }), { code: 'protocol' });
    assert.equal(page, 100);
  });
});
