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

  it('names each once, as it was told last, where pages overlap', async () => {
    const pages = new Map([
      ['', { sandboxes: [...page('1').sandboxes, ...page('2').sandboxes], next: 'a' }],
      ['a', { sandboxes: [{ id: '2', name: 'renamed', status: 'stopped' as const }] }],
    ]);

    const all = await listAll({ listPage: (token = '') => Promise.resolve(pages.get(token)!) });

    assert.deepEqual(
      all.map(({ name }) => name),
      ['1', 'renamed'],
    );
  });

  it('ends at a server that gives a token again', async () => {
    const tokens = new Map([
      ['', 'a'],
      ['a', 'b'],
      ['b', 'a'],
    ]);
    const listPage = (token = ''): Promise<SandboxPage> =>
      Promise.resolve(page(`of ${token}`, tokens.get(token)));

    assert.equal((await listAll({ listPage })).length, 3);
  });

  it('refuses more sandboxes than anybody has', async () => {
    let pages = 0;
    const listPage = (): Promise<SandboxPage> => {
      pages++;
      const sandboxes = Array.from({ length: 4_000 }, (_, index) => page(`${pages} ${index}`).sandboxes[0]!);
      return Promise.resolve({ sandboxes, next: `token-${pages}` });
    };

    await assert.rejects(listAll({ listPage }), { code: 'protocol' });
    assert.equal(pages, 3);
  });

  it('refuses a list without end', async () => {
    let count = 0;
    const listPage = (): Promise<SandboxPage> => Promise.resolve(page(`id-${++count}`, `token-${count}`));

    await assert.rejects(listAll({ listPage }), { code: 'protocol' });
    assert.equal(count, 200);
  });
});
