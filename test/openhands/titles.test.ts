import assert from 'node:assert/strict';
import { createDeferred, type Deferred } from '../../src/base/async';
import { silentLogger } from '../../src/base/logger';
import { providerOf } from '../../src/cloud/registry';
import type { CloudClient } from '../../src/cloud/provider';
import { serveHttp, type TestServer } from '../helpers/httpServer';

describe('Titles of conversations, of a cloud that is slow with them', () => {
  let server: TestServer;
  let client: CloudClient;
  /** What the cloud waits for before it tells of the sandbox, and of titles. */
  let sandboxIsDue: Promise<unknown>;
  let titlesAreDue: Promise<unknown>;
  let titlesAreAsked: Deferred<undefined>;

  beforeEach(async () => {
    sandboxIsDue = Promise.resolve();
    titlesAreDue = createDeferred().promise;
    titlesAreAsked = createDeferred();
    server = await serveHttp((request, response) => {
      const answer = (due: Promise<unknown>, body: object): void =>
        void due.then(() => response.end(JSON.stringify(body)));
      if (request.url?.startsWith('/api/v1/sandboxes')) {
        answer(sandboxIsDue, [{ id: 'a', status: 'RUNNING' }]);
      } else {
        titlesAreAsked.resolve(undefined);
        answer(titlesAreDue, { items: [{ sandbox_id: 'a', title: 'Fix the build' }], next_page_id: null });
      }
    });
    const endpoint = { provider: 'openhands', baseUrl: server.url };
    client = providerOf('openhands').connect(endpoint, silentLogger);
  });
  afterEach(async () => {
    client.dispose();
    await server.close();
  });

  it('are not waited for by who only wants to know whether the sandbox runs', async () => {
    assert.equal(await client.status('a', AbortSignal.timeout(10_000)), 'running');
  });

  it('are asked for at the same time as the sandbox', async () => {
    titlesAreDue = Promise.resolve();
    sandboxIsDue = titlesAreAsked.promise;

    assert.equal((await client.get('a', AbortSignal.timeout(10_000))).name, 'Fix the build');
  });
});
