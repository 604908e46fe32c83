import assert from 'node:assert/strict';
import { silentLogger } from '../../src/base/logger';
import { AgentServer } from '../../src/cloud/openhands/agentServer';
import type { CloudClient, Endpoint } from '../../src/cloud/provider';
import { providerOf } from '../../src/cloud/registry';
import { listAll } from '../../src/cloud/listAll';
import { bodyOf, serveHttp, type TestServer } from '../helpers/httpServer';
import { makeSandbox, STARTS_A_SANDBOX_MS, useOpenHands } from './client';
import { CloudHost } from './host';

describe('An agent-server without a cloud', function () {
  this.timeout(STARTS_A_SANDBOX_MS);

  const lab = useOpenHands({ agentServer: 'standIn' });
  let endpoint: Endpoint;
  let client: CloudClient;
  before(async () => {
    const { id } = await makeSandbox(lab.client);
    const { exposed_urls: urls, session_api_key: token } = lab.cloud.sandbox(id).look();
    const baseUrl = urls!.find(({ name }) => name === 'AGENT_SERVER')!.url;
    endpoint = { provider: 'openhands-agent-server', baseUrl, token: token! };
    client = connect();
  });
  after(() => client.dispose());

  const connect = (change: Partial<Endpoint> = {}): CloudClient =>
    providerOf(endpoint.provider).connect({ ...endpoint, ...change }, silentLogger);

  it('is signed in to by its session key', async () => {
    assert.deepEqual(await client.whoAmI(), { user: 'agent-server', label: 'OpenHands agent-server' });
  });

  it('refuses another key', async () => {
    const stranger = connect({ token: 'wrong' });

    await assert.rejects(stranger.whoAmI(), { code: 'unauthenticated' });
    stranger.dispose();
  });

  it('is not what answers at another address', async () => {
    const elsewhere = connect({ baseUrl: `${lab.cloud.url}/nowhere` });

    await assert.rejects(elsewhere.whoAmI());
    elsewhere.dispose();
  });

  it('has one sandbox, which is just there', async () => {
    const [sandbox, ...others] = await listAll(client);

    assert.deepEqual([sandbox?.status, sandbox?.isFixed, others], ['running', true, []]);
    assert.deepEqual(await client.get(sandbox!.id), sandbox);
    assert.deepEqual(await client.start(sandbox!.id), sandbox);
  });

  it('has no other', async () => {
    await assert.rejects(client.get('another'), { code: 'not-found' });
  });

  const refused = {
    create: () => client.create({}),
    stop: () => client.stop('this-server'),
    delete: () => client.delete('this-server'),
  };
  for (const act of ['create', 'stop', 'delete'] as const) {
    it(`does not ${act}`, async () => {
      await assert.rejects(refused[act](), { code: 'unsupported' });
    });
  }

  it('is reached by ssh', async () => {
    const [sandbox] = await listAll(client);
    const host = await CloudHost.open({ endpoint, sandbox: sandbox! });
    const { code, stdout, stderr } = await host.ssh('cat', 'through the agent');
    await host.close();

    assert.deepEqual([code, stdout.toString()], [0, 'through the agent'], stderr);
  });
});

describe('An agent-server that takes the path of a file for part of the address', () => {
  let server: TestServer;
  let files: Map<string, string>;
  beforeEach(async () => {
    files = new Map();
    server = await serveHttp((request, response) => {
      const [, route, name] = /^(\/api\/file\/upload)(?:\/([^?]+))?/.exec(request.url ?? '') ?? [];
      void bodyOf(request).then((body) => {
        // As Starlette does where only a slash is missing.
        if (name === undefined) return response.writeHead(307, { location: `${route}/?path=` }).end();
        files.set(decodeURIComponent(name), body);
        return response.end('{"success":true}');
      });
    });
  });
  afterEach(() => server.close());

  it('is given files', async () => {
    const agentServer = new AgentServer({ baseUrl: server.url }, silentLogger);

    await agentServer.upload('/tmp/a b', Buffer.from('content'));

    agentServer.dispose();
    assert.match(files.get('/tmp/a b') ?? 'nothing', /\r\n\r\ncontent\r\n/);
  });
});
