import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { abortReason } from '../../../../src/base/async';
import { silentLogger } from '../../../../src/base/logger';
import { CloudError } from '../../../../src/cloud/errors';
import type { HttpRequest } from '../../../../src/cloud/http';
import { ConversationTitles } from '../../../../src/cloud/openhands/titles';

const MINUTE_MS = 60_000;

describe('Titles of OpenHands sandboxes', () => {
  let now: number;
  let requests: number;
  let answer: (pageId: string | undefined) => unknown;
  let titles: ConversationTitles;

  beforeEach(() => {
    now = 0;
    requests = 0;
    const request = ({ query }: HttpRequest): Promise<unknown> => {
      requests++;
      return Promise.resolve().then(() => answer(query?.['page_id']?.toString()));
    };
    titles = new ConversationTitles({ request, log: silentLogger }, () => now);
    answer = () => page({ a: 'Fix the build' });
  });

  const page = (byId: Readonly<Record<string, string | null>>, next: string | null = null): object => ({
    items: Object.entries(byId).map(([sandbox_id, title]) => ({ sandbox_id, title })),
    next_page_id: next,
  });

  it('are those of their conversations', async () => {
    assert.equal((await titles.of(['a'])).get('a'), 'Fix the build');
  });

  it('are those of the newest conversation', async () => {
    answer = () => ({
      items: [
        { sandbox_id: 'a', title: 'new' },
        { sandbox_id: 'a', title: 'old' },
      ],
      next_page_id: null,
    });

    assert.equal((await titles.of(['a'])).get('a'), 'new');
  });

  it('are asked for once by all who need them at the same time, and then for a minute not', async () => {
    await Promise.all([titles.of(['a']), titles.of(['a'])]);
    now = MINUTE_MS;
    await titles.of(['a']);
    assert.equal(requests, 1);
    now++;
    await titles.of(['a']);

    assert.equal(requests, 2);
  });

  it('are asked for sooner when a sandbox has none', async () => {
    await titles.of(['a']);
    await titles.of(['a', 'b']);
    assert.equal(requests, 1);
    now = 20_001;
    await titles.of(['a', 'b']);

    assert.equal(requests, 2);
  });

  describe('of more conversations than fit a page', () => {
    let pageIds: (string | undefined)[];
    beforeEach(() => {
      pageIds = [];
      const older: Readonly<Record<string, object>> = {
        '100': page({ a: 'an old title', b: 'Older' }, '200'),
        '200': page({ c: 'Oldest' }),
      };
      answer = (id) => {
        pageIds.push(id);
        return id === undefined ? page({ a: 'Newest' }, '100') : older[id];
      };
    });

    it('are looked for one older page at a time while a sandbox has none', async () => {
      const first = [...(await titles.of(['a', 'b', 'c']))];
      now = 20_001;
      const second = [...(await titles.of(['a', 'b', 'c']))];

      assert.deepEqual(first, [
        ['a', 'Newest'],
        ['b', 'Older'],
      ]);
      assert.deepEqual(second, [...first, ['c', 'Oldest']]);
      assert.deepEqual(pageIds, [undefined, '100', undefined, '200']);
    });

    it('are looked for also if the sandbox is on a later page of the list', async () => {
      await titles.of(['a']);
      await titles.of(['b']);
      now = 20_001;
      await titles.of(['a']);

      assert.equal((await titles.of(['b'])).get('b'), 'Older');
    });

    it('take no further request once each sandbox has one', async () => {
      await titles.of(['a']);

      assert.deepEqual(pageIds, [undefined]);
    });

    it('are looked for from the beginning after the last page', async () => {
      for (now = 0; now < 100_000; now += 20_001) await titles.of(['a', 'new']);

      assert.deepEqual(
        pageIds.filter((id) => id !== undefined),
        ['100', '200', '100', '200', '100'],
      );
    });
  });

  it('are not asked for if there is no sandbox', async () => {
    await titles.of([]);

    assert.equal(requests, 0);
  });

  it('stay as they were when the server fails', async () => {
    await titles.of(['a']);
    now = MINUTE_MS + 1;
    answer = () => {
      throw new CloudError('not-found', 'no such route');
    };

    assert.equal((await titles.of(['a'])).get('a'), 'Fix the build');
  });

  it('are gone without if the server takes long', async () => {
    const hung = ({ signal }: { readonly signal?: AbortSignal | undefined }): Promise<unknown> =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(abortReason(signal)));
      });
    mock.timers.enable({ apis: ['setTimeout'] });
    const asked = new ConversationTitles({ request: hung, log: silentLogger }).of(['a']);
    mock.timers.tick(3_000);
    mock.timers.reset();

    assert.equal((await asked).size, 0);
  });

  for (const title of [null, '', '  ']) {
    it(`are none if they are ${JSON.stringify(title)}`, async () => {
      answer = () => page({ a: title });

      assert.equal((await titles.of(['a'])).has('a'), false);
    });
  }
});
