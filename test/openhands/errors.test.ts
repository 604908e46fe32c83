import assert from 'node:assert/strict';
import type { CloudErrorCode } from '../../src/cloud/errors';
import type { CloudClient } from '../../src/cloud/provider';
import { OpenHandsCloud } from '../clouds/openhands/cloud';
import type { Intercepted, OpenHandsOptions } from '../clouds/openhands/options';
import { eventually } from '../helpers/eventually';
import { connectTo, STARTS_A_SANDBOX_MS } from './client';

describe('What OpenHands says when it fails', function () {
  this.timeout(STARTS_A_SANDBOX_MS);
  let cloud: OpenHandsCloud;
  let client: CloudClient;

  const serve = async (options: OpenHandsOptions): Promise<void> => {
    cloud = await OpenHandsCloud.start({ agentServer: 'standIn', ...options });
    client = connectTo(cloud);
  };
  afterEach(async () => {
    client.dispose();
    await cloud.close();
  });

  const answers: {
    readonly name: string;
    readonly answer: Intercepted;
    readonly code: CloudErrorCode;
    readonly message: RegExp;
  }[] = [
    {
      name: 'a refusal of the app server',
      answer: { status: 409, body: { detail: 'Sandbox is busy' } },
      code: 'conflict',
      message: /^Cannot pause the sandbox: Sandbox is busy \(HTTP 409\)$/,
    },
    {
      name: 'a request that is not valid',
      answer: {
        status: 422,
        body: { detail: [{ loc: ['query', 'id'], msg: 'Field required', type: 'missing' }] },
      },
      code: 'invalid',
      message: /Field required \(HTTP 422\)/,
    },
    {
      name: 'the middleware that authenticates',
      answer: { status: 401, body: { error: 'NoCredentialsError' } },
      code: 'unauthenticated',
      message: /NoCredentialsError \(HTTP 401\); sign in again$/,
    },
    {
      name: 'an integration, with a bare string',
      answer: {
        status: 401,
        body: JSON.stringify('Token expired'),
        headers: { 'content-type': 'application/json' },
      },
      code: 'unauthenticated',
      message: /Token expired \(HTTP 401\)/,
    },
    {
      name: 'the limit of requests of OpenHands Cloud',
      answer: {
        status: 429,
        body: { error: 'Rate limit exceeded: 10/s' },
        headers: { 'retry-after': '60' },
      },
      code: 'rate-limited',
      message: /Rate limit exceeded: 10\/s \(HTTP 429\)/,
    },
    {
      name: 'the limit of requests of a server of one’s own',
      answer: { status: 429, body: { message: 'Too many requests' }, headers: { 'retry-after': '1' } },
      code: 'rate-limited',
      message: /Too many requests \(HTTP 429\)/,
    },
    {
      name: 'a gateway, with a page',
      answer: { status: 502, body: '<html><h1>502 Bad Gateway</h1></html>' },
      code: 'unreachable',
      message: /the cloud answered HTTP 502$/,
    },
  ];
  for (const { name, answer, code, message } of answers) {
    it(`is understood from ${name}`, async () => {
      await serve({ intercept: ({ method }) => (method === 'POST' ? answer : undefined) });

      await assert.rejects(client.stop('any'), { code, message });
    });
  }

  it('is waited for as long as the cloud asks, where that is sensible', async () => {
    let refusals = 1;
    const answer: Intercepted = { status: 429, body: { message: 'wait' }, headers: { 'retry-after': '1' } };
    await serve({
      intercept: ({ path }) => (path.endsWith('/search') && refusals-- > 0 ? answer : undefined),
    });
    const began = performance.now();

    assert.deepEqual((await client.listPage()).sandboxes, []);
    assert.ok(performance.now() - began >= 1000);
  });

  it('is waited for also by what must not be done twice', async () => {
    let refusals = 1;
    const answer: Intercepted = { status: 429, body: { message: 'wait' }, headers: { 'retry-after': '1' } };
    await serve({ intercept: ({ method }) => (method === 'POST' && refusals-- > 0 ? answer : undefined) });

    await client.create({});

    assert.equal(cloud.sandboxes.rows.length, 1);
  });

  it('is waited for while a new sandbox starts', async () => {
    let failures = 0;
    const answer: Intercepted = { status: 502, body: '<html>' };
    await serve({
      startingLooks: 2,
      intercept: ({ method, path }) =>
        method === 'GET' && path === '/api/v1/sandboxes' && failures-- > 0 ? answer : undefined,
    });
    const { id } = await client.create({});
    const starting = client.start(id);
    await eventually(() => assert.ok(cloud.requests.calls.some((call) => call.includes('sandboxes?id='))));
    failures = 4;

    assert.equal((await starting).status, 'running');
  });

  const failedResumes: { readonly by: string; readonly answer: Intercepted }[] = [
    { by: 'a server', answer: { status: 502, body: { detail: 'Runtime lookup failed' } } },
    { by: 'an older server', answer: { status: 404, body: { detail: 'Not Found' } } },
  ];
  for (const { by, answer } of failedResumes) {
    it(`is looked at again where a resume got no good answer of ${by}`, async () => {
      let failures = 1;
      await serve({
        intercept: ({ path }) => (path.endsWith('/resume') && failures-- > 0 ? answer : undefined),
      });
      const { id } = cloud.sandboxes.addRow({ status: 'PAUSED' });

      assert.equal((await client.start(id)).status, 'running');
    });
  }

  it('is tried again where a sandbox was not deleted yet', async () => {
    let refusals = 2;
    const answer: Intercepted = { status: 503, body: { detail: 'Runtime kept, try again' } };
    await serve({ intercept: ({ method }) => (method === 'DELETE' && refusals-- > 0 ? answer : undefined) });
    const { id } = cloud.sandboxes.addRow({ status: 'PAUSED' });

    await client.delete(id);

    assert.equal(cloud.sandboxes.find(id), undefined);
  });

  it('is told for a kind of sandbox that there is not', async () => {
    await serve({});

    await assert.rejects(client.create({ image: 'no/such:spec' }), { code: 'unreachable' });
  });

  it('is told for a sandbox that runs and has no address', async () => {
    const info = { id: 'a', status: 'RUNNING', session_api_key: null, exposed_urls: null };
    await serve({
      intercept: ({ path }) => (path === '/api/v1/sandboxes' ? { status: 200, body: [info] } : undefined),
    });

    const running = client.transport('a').agentHost!.run('true');

    await assert.rejects(running, { code: 'unreachable', message: /gives no address of it/ });
  });

  it('is why a sandbox did not start', async () => {
    await serve({});
    const { id } = cloud.sandboxes.addRow({ status: 'ERROR', statusDetail: 'no node has room for it' });

    await assert.rejects(client.start(id), { code: 'conflict', message: /no node has room for it/ });
  });

  it('is nothing that a status of a newer server could be', async () => {
    await serve({});
    const row = cloud.sandboxes.addRow({ status: 'PAUSED' });
    row.reportedStatus = 'UNKNOWN';

    assert.equal((await client.get(row.id)).status, 'unknown');
  });
});
