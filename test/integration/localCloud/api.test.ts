import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import * as os from 'node:os';
import * as path from 'node:path';
import { assertRefused, BoxApi, type ApiResponse } from '../../helpers/boxApi';
import { LocalCloudServer } from '../../helpers/localCloud';

describe('Box API of the local cloud', () => {
  const stateDir = mkdtempSync(path.join(os.tmpdir(), 'sbx-api-'));
  let server: LocalCloudServer;
  let api: BoxApi;

  before(async () => {
    server = await LocalCloudServer.start({ stateDir, args: ['--runtime', 'process'] });
    api = server.api;
  });
  after(async () => {
    await server.stop();
    rmSync(stateDir, { recursive: true, force: true });
  });

  describe('refuses', () => {
    interface Refusal {
      readonly what: string;
      readonly call: readonly [method: string, path: string, body?: unknown];
      readonly status: number;
      readonly code: string;
    }
    const refusals: readonly Refusal[] = [
      { what: 'an unknown route', call: ['GET', '/nothing'], status: 404, code: 'not_found' },
      { what: 'an unknown box', call: ['GET', '/boxes/none'], status: 404, code: 'not_found' },
      {
        what: 'to start an unknown box',
        call: ['POST', '/boxes/none/start'],
        status: 404,
        code: 'not_found',
      },
      { what: 'to stop an unknown box', call: ['POST', '/boxes/none/stop'], status: 404, code: 'not_found' },
      { what: 'to delete an unknown box', call: ['DELETE', '/boxes/none'], status: 404, code: 'not_found' },
      {
        what: 'a body that is no JSON',
        call: ['POST', '/boxes', '{'],
        status: 400,
        code: 'invalid_argument',
      },
      {
        what: 'a body that is no object',
        call: ['POST', '/boxes', '[]'],
        status: 400,
        code: 'invalid_argument',
      },
      { what: 'no body', call: ['POST', '/boxes'], status: 400, code: 'invalid_argument' },
      {
        what: 'an unknown field',
        call: ['POST', '/boxes', { colour: 'red' }],
        status: 400,
        code: 'invalid_argument',
      },
      {
        what: 'a name that is no text',
        call: ['POST', '/boxes', { name: 5 }],
        status: 400,
        code: 'invalid_argument',
      },
      {
        what: 'an empty name',
        call: ['POST', '/boxes', { name: '' }],
        status: 400,
        code: 'invalid_argument',
      },
      {
        what: 'a name with a NUL character',
        call: ['POST', '/boxes', { name: 'a\0b' }],
        status: 400,
        code: 'invalid_argument',
      },
      {
        what: 'a name of 1025 characters',
        call: ['POST', '/boxes', { name: 'x'.repeat(1025) }],
        status: 400,
        code: 'invalid_argument',
      },
      { what: 'no processors', call: ['POST', '/boxes', { cpus: 0 }], status: 400, code: 'invalid_argument' },
      {
        what: 'both shapes of the network setting',
        call: ['POST', '/boxes', { network: { mode: 'enabled', outbound: { mode: 'enabled' } } }],
        status: 400,
        code: 'invalid_argument',
      },
      {
        what: 'an allow list that it would not enforce',
        call: ['POST', '/boxes', { network: { outbound: { mode: 'enabled', allow_net: ['example.com'] } } }],
        status: 400,
        code: 'invalid_argument',
      },
      {
        what: 'a huge body',
        call: ['POST', '/boxes', 'x'.repeat(5 << 20)],
        status: 413,
        code: 'resource_exhausted',
      },
      { what: 'a page size of 0', call: ['GET', '/boxes?pageSize=0'], status: 400, code: 'invalid_argument' },
      {
        what: 'a page size of 1001',
        call: ['GET', '/boxes?pageSize=1001'],
        status: 400,
        code: 'invalid_argument',
      },
      {
        what: 'a made-up page token',
        call: ['GET', '/boxes?pageToken=abc'],
        status: 400,
        code: 'invalid_argument',
      },
      {
        what: 'an unknown status',
        call: ['GET', '/boxes?status=happy'],
        status: 400,
        code: 'invalid_argument',
      },
    ];
    for (const { what, call, status, code } of refusals) {
      it(what, async () => assertRefused(await api.call(...call), status, code));
    }

    const tokens = [
      { what: 'no token', headers: { authorization: '' } },
      { what: 'a wrong token', headers: { authorization: 'Bearer 0123456789abcdef0123456789abcdef' } },
      { what: 'another scheme', headers: { authorization: 'Basic abc' } },
    ];
    for (const { what, headers } of tokens) {
      it(what, async () =>
        assertRefused(await api.call('GET', '/me', undefined, headers), 401, 'unauthenticated'),
      );
    }

    it('web pages, whatever they know', async () => {
      const response = await api.call('GET', '/me', undefined, { origin: 'https://example.com' });

      assertRefused(response, 403, 'permission_denied');
    });

    it('requests by a name that is not this computer', async () => {
      assert.equal(await statusForHost(server.ready.url, 'attacker.example'), 403);
    });
  });

  it('tells its capabilities to anybody', async () => {
    const { status, body } = await new BoxApi(server.ready.url, 'none').call('GET', '/config');

    assert.equal(status, 200);
    assert.equal(body.capabilities['binary_output'], true);
    assert.equal(body.capabilities['tty_enabled'], true);
  });

  it('tells a client who it is', async () => {
    const { status, body } = await api.call('GET', '/me');

    assert.equal(status, 200);
    assert.equal(body.path_prefix, null);
    assert.ok(body.scopes.includes('box:exec'));
  });

  it('repeats a request id', async () => {
    const { headers } = await api.call('GET', '/me', undefined, { 'x-request-id': 'abc-123' });

    assert.equal(headers.get('x-request-id'), 'abc-123');
  });

  it('takes a box through its life', async () => {
    const created = await api.call('POST', '/boxes', { name: 'life' });
    assert.equal(created.status, 201);
    assert.equal(created.headers.get('location'), `/v1/boxes/${created.body.box_id}`);
    assert.equal(created.body.status, 'configured');

    assert.equal((await api.call('HEAD', '/boxes/life')).status, 204);
    assert.equal((await api.call('GET', '/boxes/life')).body.box_id, created.body.box_id);
    const started = await api.call('POST', '/boxes/life/start');
    assert.deepEqual([started.status, started.body.status], [200, 'running']);
    assert.equal((await api.call('POST', '/boxes/life/start')).status, 200);
    assertRefused(await api.call('DELETE', '/boxes/life'), 409, 'invalid_state');
    const stopped = await api.call('POST', '/boxes/life/stop', { timeout_seconds: 1 });
    assert.deepEqual([stopped.status, stopped.body.status], [200, 'stopped']);
    assert.equal((await api.call('DELETE', '/boxes/life')).status, 204);
    assert.equal((await api.call('HEAD', '/boxes/life')).status, 404);
  });

  it('deletes a running box by force', async () => {
    const box = await api.create();
    await api.call('POST', `/boxes/${box}/start`);

    assert.equal((await api.call('DELETE', `/boxes/${box}?force=true`)).status, 204);
  });

  it('says that plain processes are not isolated', async () => {
    const box = await api.create();

    assert.match((await api.call('GET', `/boxes/${box}`)).body.notice ?? '', /^not isolated/);
  });

  it('says that an image is not used', async () => {
    const box = await api.create({ image: 'alpine:latest' });

    const { body } = await api.call('GET', `/boxes/${box}`);
    assert.equal(body.image, 'alpine:latest');
    assert.match(body.notice ?? '', /not the image alpine:latest/);
  });

  it('refuses a second box of a name', async () => {
    await api.create({ name: 'twin' });

    assertRefused(await api.call('POST', '/boxes', { name: 'twin' }), 409, 'already_exists');
  });

  describe('takes any name', () => {
    const names = [
      `it's "quoted"`,
      'two\nlines',
      '100%',
      '$(touch /tmp/x) `id`',
      '📦 boîte',
      '../../up',
      'x'.repeat(300),
      'a/b',
    ];
    for (const name of names) {
      it(JSON.stringify(name).slice(0, 40), async () => {
        const box = await api.create({ name });

        assert.equal((await api.call('GET', `/boxes/${encodeURIComponent(name)}`)).body.box_id, box);
        assert.equal(await api.sh(box, 'echo ok'), 'ok');
      });
    }
  });

  it('creates one box for one idempotency key', async () => {
    const headers = { 'idempotency-key': '017f22e2-79b0-7cc3-98c4-dc0c0c07398f' };
    const create = () => api.call('POST', '/boxes', { cpus: 1 }, headers);

    const responses = [...(await Promise.all([create(), create()])), await create()];

    assert.deepEqual(
      responses.map(({ status }) => status),
      [201, 201, 201],
    );
    assert.equal(new Set(responses.map(({ body }) => body.box_id)).size, 1);
    assertRefused(await api.call('POST', '/boxes', { cpus: 2 }, headers), 422, 'invalid_argument');
  });

  it('lists boxes in pages, each box once', async () => {
    for (let i = 0; i < 5; i++) await api.create();
    const all = (await api.call('GET', '/boxes?pageSize=1000')).body.boxes.map(({ box_id }) => box_id);
    const paged: string[] = [];
    let token: string | null = '';
    while (token !== null) {
      const query: string = token && `&pageToken=${token}`;
      const { body }: ApiResponse = await api.call('GET', `/boxes?pageSize=2${query}`);
      assert.ok(body.boxes.length <= 2);
      paged.push(...body.boxes.map(({ box_id }) => box_id));
      token = body.next_page_token;
    }

    assert.deepEqual(paged, all);
  });

  it('lists boxes of one status', async () => {
    const box = await api.create();
    await api.call('POST', `/boxes/${box}/start`);

    const { boxes } = (await api.call('GET', '/boxes?status=running')).body;

    assert.ok(boxes.some(({ box_id }) => box_id === box));
    assert.ok(boxes.every(({ status }) => status === 'running'));
  });
});

/** HTTP status of a request that names another host; fetch() does not let one do that. */
function statusForHost(url: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(`${url}/v1/config`, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}
