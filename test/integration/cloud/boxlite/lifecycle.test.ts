import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { silentLogger } from '../../../../src/base/logger';
import { boxliteProvider } from '../../../../src/cloud/boxlite/provider';
import { listAll } from '../../../../src/cloud/listAll';
import type { CloudClient } from '../../../../src/cloud/provider';
import type { BoxliteQuirks } from '../../../clouds/boxlite/options';
import { BoxliteStandIn } from '../../../clouds/boxlite/server';

const TOKEN = 'blk_test_secret';

describe('life of a BoxLite box', () => {
  let cloud: BoxliteStandIn;
  let client: CloudClient;

  async function serve(quirks: BoxliteQuirks = {}, token = TOKEN): Promise<void> {
    cloud = await new BoxliteStandIn({ token: TOKEN, ...quirks }).start();
    client = boxliteProvider.connect({ provider: 'boxlite', baseUrl: `${cloud.url}/`, token }, silentLogger);
  }

  afterEach(async () => {
    client.dispose();
    await cloud.stop();
  });

  describe('account', () => {
    it('is named by /v1/me', async () => {
      await serve();

      assert.deepEqual(await client.whoAmI(), { user: 'user-1', label: 'ann@example.org' });
    });

    it('is the mail address of a user whose name is empty', async () => {
      const me = { sub: '', email: 'ann@example.org', path_prefix: null };
      await serve({ intercept: (_request, response) => answer(response, 200, JSON.stringify(me)) });

      assert.deepEqual(await client.whoAmI(), { user: 'ann@example.org', label: 'ann@example.org' });
    });

    it('is "local" at a server without users', async () => {
      await serve({ hasMe: false });

      assert.deepEqual(await client.whoAmI(), { user: 'local', label: 'local' });
    });

    it('is refused with a wrong token, which the error does not repeat', async () => {
      await serve({}, 'blk_test_wrong');

      await assert.rejects(client.whoAmI(), (error: Error) => {
        assert.deepEqual([codeOf(error), error.message.includes('blk_test')], ['unauthenticated', false]);
        return true;
      });
    });

    it('is refused with a wrong token by a server without users', async () => {
      await serve({ hasMe: false }, 'blk_test_wrong');

      await assert.rejects(client.whoAmI(), { code: 'unauthenticated' });
    });

    it('says that an address is not a BoxLite API', async () => {
      await serve({ intercept: (_request, response) => answer(response, 404, '<h1>Nothing here</h1>') });

      await assert.rejects(client.whoAmI(), { code: 'protocol', message: /check the base URL/ });
    });
  });

  describe('path prefix', () => {
    const prefixes = [
      { pathPrefix: null, path: '/v1/boxes' },
      { pathPrefix: '', path: '/v1/boxes' },
      { pathPrefix: 'default', path: '/v1/default/boxes' },
      { pathPrefix: 'orgs/a%20b/team', path: '/v1/orgs/a%20b/team/boxes' },
    ];
    for (const { pathPrefix, path } of prefixes) {
      it(`${JSON.stringify(pathPrefix)} puts boxes at ${path}`, async () => {
        await serve({ pathPrefix });

        await client.listPage();

        assert.deepEqual(cloud.requests, ['GET /v1/me', `GET ${path}?pageSize=100`]);
      });
    }

    it('is asked once by requests that start together', async () => {
      await serve();

      await Promise.all([client.listPage(), client.listPage(), client.listPage()]);

      assert.equal(cloud.requests.filter((request) => request === 'GET /v1/me').length, 1);
    });

    it('is asked again after it could not be read', async () => {
      let isBroken = true;
      await serve({ intercept: (_request, response) => isBroken && answer(response, 418, '') });
      await assert.rejects(client.listPage(), { code: 'invalid' });

      isBroken = false;

      assert.deepEqual((await client.listPage()).sandboxes, []);
    });

    for (const pathPrefix of ['../admin', 'a?b', 'a#b', 'a b', '.', '%2e%2e', '\r\nx: y', 'x'.repeat(300)]) {
      it(`${JSON.stringify(pathPrefix).slice(0, 20)} is refused`, async () => {
        await serve({ pathPrefix });

        await assert.rejects(client.listPage(), (error) => ['protocol', 'invalid'].includes(codeOf(error)));
      });
    }
  });

  describe('list', () => {
    it('follows pages to the end', async () => {
      await serve({ pageSize: 2 });
      const ids = Array.from({ length: 5 }, () => cloud.addBox().box_id);

      const sandboxes = await listAll(client);

      assert.deepEqual(
        sandboxes.map((sandbox) => sandbox.id),
        ids,
      );
    });

    for (const paging of ['ignored', 'stuck', 'looping'] as const) {
      it(`ends at a server whose paging is ${paging}, with each box once`, async () => {
        await serve({ paging });
        cloud.addBox();
        cloud.addBox();

        assert.equal((await listAll(client)).length, 2);
      });
    }
  });

  describe('create', () => {
    it('sends only what was asked for, with a key that makes it safe to repeat', async () => {
      await serve();

      const plain = await client.create({});
      const named = await client.create({ name: 'dev', image: 'debian:12' });

      assert.equal(plain.name, plain.id);
      assert.deepEqual([named.name, named.image, named.status], ['dev', 'debian:12', 'stopped']);
      assert.equal(new Set(cloud.idempotencyKeys).size, 2);
    });

    it('repeats the same key when the answer was lost', async () => {
      let lost = 0;
      await serve({
        intercept: (request) => {
          if (request.method !== 'POST' || lost++ > 0) return false;
          request.socket.destroy();
          return true;
        },
      });

      await client.create({ name: 'dev' });

      assert.equal(cloud.idempotencyKeys.length, 2);
      assert.equal(new Set(cloud.idempotencyKeys).size, 1);
    });

    it('reports a name that is taken', async () => {
      await serve();
      cloud.addBox({ name: 'dev' });

      await assert.rejects(client.create({ name: 'dev' }), { code: 'conflict', message: /box dev exists/ });
    });
  });

  describe('start', () => {
    for (const startStatus of [200, 201] as const) {
      it(`waits until the box runs after HTTP ${startStatus}`, async () => {
        await serve({ startStatus, startPolls: 2 });
        const box = cloud.addBox({ status: 'stopped' });

        assert.equal((await client.start(box.box_id)).status, 'running');
      });
    }

    it('fails for a box that has failed', async () => {
      await serve();
      const box = cloud.addBox({ status: 'failed' });

      await assert.rejects(client.start(box.box_id), { code: 'conflict', message: /the box has failed/ });
    });

    it('stops waiting when the caller gives up', async () => {
      await serve({ startPolls: 1_000_000 });
      const box = cloud.addBox({ status: 'stopped' });
      const giveUp = new AbortController();
      const starting = client.start(box.box_id, giveUp.signal);

      giveUp.abort(new Error('enough'));

      await assert.rejects(starting, { message: 'enough' });
    });
  });

  it('stops and deletes, also what runs', async () => {
    await serve();
    const box = cloud.addBox();

    assert.equal((await client.stop(box.box_id)).status, 'stopped');
    box.status = 'running';
    await client.delete(box.box_id);

    assert.deepEqual(cloud.boxes, []);
  });

  it('counts a box as deleted when the answer to its deletion was lost', async () => {
    await serve({
      intercept: (request) => {
        if (request.method !== 'DELETE' || cloud.boxes.length === 0) return false;
        cloud.boxes.length = 0;
        request.socket.destroy();
        return true;
      },
    });
    const box = cloud.addBox();

    await client.delete(box.box_id);
  });

  for (const name of ['..', '.', '', 'a/../b', 'x?y#z', '$(id)', "it's", '🚀', '\ud800', 'a%2fb', '\r\nx']) {
    it(`does not reach anything else by the name ${JSON.stringify(name)}`, async () => {
      await serve();

      await assert.rejects(client.delete(name), { code: 'not-found' });

      const paths = cloud.requests.filter((request) => !request.endsWith('/v1/me'));
      for (const path of paths) assert.match(path, /^DELETE \/v1\/boxes\/[^/?#]+\?force=true$/);
    });
  }

  describe('errors', () => {
    for (const errors of ['envelope', 'integer', 'flat'] as const) {
      it(`are understood as ${errors}`, async () => {
        await serve({ errors });

        await assert.rejects(client.get('none'), { code: 'not-found', message: /box none not found/ });
      });
    }
  });

  describe('hostile answers', () => {
    const good = {
      box_id: 'b1',
      name: 'n',
      status: 'running',
      image: 'i',
      created_at: '2026-01-01T00:00:00Z',
    };
    const malformed: { name: string; body: unknown; field: string }[] = [
      { name: 'no object', body: 'text', field: 'expected Object' },
      { name: 'no id', body: { ...good, box_id: undefined }, field: '"box_id"' },
      { name: 'an id that is a number', body: { ...good, box_id: 7 }, field: '"box_id"' },
      { name: 'an empty id', body: { ...good, box_id: '' }, field: '"box_id"' },
    ];
    for (const { name, body, field } of malformed) {
      it(`with ${name} name the field`, async () => {
        await serve({
          hasMe: false,
          intercept: (request, response) => isBox(request.url) && json(response, body),
        });

        await assert.rejects(client.get('b1'), (error: Error) => {
          assert.equal(codeOf(error), 'protocol');
          assert.ok(error.message.includes(field), error.message);
          return true;
        });
      });
    }

    it('with unknown statuses, fields, dates and control characters are taken for what they are', async () => {
      const body = {
        ...good,
        status: 'hibernating',
        created_at: 'soon',
        flavour: 1,
        notice: 'not\u001b[31m isolated\n',
      };
      await serve({
        hasMe: false,
        intercept: (request, response) => isBox(request.url) && json(response, body),
      });

      const sandbox = await client.get('b1');

      assert.deepEqual(sandbox, {
        id: 'b1',
        name: 'n',
        status: 'unknown',
        image: 'i',
        notice: 'not [31m isolated',
      });
    });
  });
});

function isBox(url = ''): boolean {
  return url.startsWith('/v1/boxes/');
}

function json(response: ServerResponse, body: unknown): true {
  return answer(response, 200, JSON.stringify(body));
}

function answer(response: ServerResponse, status: number, body: string): true {
  response.writeHead(status).end(body);
  return true;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
