import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { abortReason } from '../../../../src/base/async';
import { silentLogger } from '../../../../src/base/logger';
import { CloudError } from '../../../../src/cloud/errors';
import { ConversationTitles } from '../../../../src/cloud/openhands/titles';

const MINUTE_MS = 60_000;

describe('Titles of OpenHands sandboxes', () => {
  let now: number;
  let requests: number;
  let answer: () => unknown;
  let titles: ConversationTitles;

  beforeEach(() => {
    now = 0;
    requests = 0;
    const request = (): Promise<unknown> => {
      requests++;
      return Promise.resolve().then(() => answer());
    };
    titles = new ConversationTitles({ request, log: silentLogger }, () => now);
    answer = () => page({ a: 'Fix the build' });
  });

  const page = (byId: Readonly<Record<string, string | null>>): object => ({
    items: Object.entries(byId).map(([sandbox_id, title]) => ({ sandbox_id, title })),
    next_page_id: null,
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
