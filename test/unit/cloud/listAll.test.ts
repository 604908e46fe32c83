import assert from 'node:assert/strict';
import { listAll } from '../../../src/cloud/listAll';
import type { SandboxPage } from '../../../src/cloud/provider';

function page(id: string, next?: string): SandboxPage {
  return { sandboxes: [{ id, name: id, status: 'running' }], ...(next === undefined ? {} : { next }) };
}

describe('listAll', () => {
  it('follows tokens and keeps the order', async () => {
    const pages = new Map([
      ['', page('1', 'a')],
      ['a', page('2', 'b')],
      ['b', page('3')],
    ]);

    const all = await listAll({ listPage: (token = '') => Promise.resolve(pages.get(token)!) });

    assert.deepEqual(
      all.map(({ id }) => id),
      ['1', '2', '3'],
    );
  });

  it('tells of each request', async () => {
    let pages = 0;
    const listPage = (token = ''): Promise<SandboxPage> =>
      Promise.resolve(page(token, token.length < 2 ? `${token}x` : undefined));

    await listAll({ listPage }, undefined, () => pages++);

    assert.equal(pages, 3);
  });

  it('refuses a list without end', async () => {
    let count = 0;
    const listPage = (): Promise<SandboxPage> => Promise.resolve(page(`id-${++count}`, `token-${count}`));

    await assert.rejects(listAll({ listPage }), { code: 'protocol' });
    assert.ok(count <= 200);
  });
});
