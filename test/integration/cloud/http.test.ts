import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { silentLogger } from '../../../src/base/logger';
import type { CloudError } from '../../../src/cloud/errors';
import { HttpClient, type HttpRequest } from '../../../src/cloud/http';
import { Origin } from '../../../src/cloud/origin';
import { eventually } from '../../helpers/eventually';
import { bodyOf, serveHttp, type TestServer } from '../../helpers/httpServer';

const SECRET = 's3cret-token';
const get: HttpRequest = { what: 'read it', method: 'GET', path: '/x' };
const post: HttpRequest = { what: 'make it', method: 'POST', path: '/x', body: { a: 1 } };

describe('HttpClient', () => {
  let server: TestServer;
  let origin: Origin;
  let client: HttpClient;
  let requests = 0;

  async function serve(handler: RequestListener): Promise<void> {
    requests = 0;
    server = await serveHttp((request, response) => {
      requests++;
      handler(request, response);
    });
    const headers = { authorization: `Bearer ${SECRET}` };
    origin = new Origin({ baseUrl: `${server.url}/api`, headers, secrets: [SECRET], log: silentLogger });
    client = new HttpClient(origin);
  }

  afterEach(async () => {
    origin.route.dispose();
    await server.close();
  });

  it('sends JSON with credentials and parses the answer', async () => {
    await serve((request, response) => {
      void bodyOf(request).then((body) => {
        const { method, url, headers } = request;
        response.end(JSON.stringify({ method, url, auth: headers.authorization, body }));
      });
    });

    const answer = await client.request({ ...post, query: { q: 'a b&c' } });

    assert.deepEqual(answer.body, {
      method: 'POST',
      url: '/api/x?q=a+b%26c',
      auth: `Bearer ${SECRET}`,
      body: '{"a":1}',
    });
  });

  it('sends other bodies than JSON, and a parameter for each of its values', async () => {
    await serve((request, response) => {
      void bodyOf(request).then((body) => {
        response.end(JSON.stringify({ url: request.url, type: request.headers['content-type'], body }));
      });
    });
    const content = { type: 'text/plain', bytes: Buffer.from('plain') };

    const answer = await client.request({
      what: 'x',
      method: 'POST',
      path: '/x',
      query: { id: ['a', 'b'] },
      content,
    });

    assert.deepEqual(answer.body, { url: '/api/x?id=a&id=b', type: 'text/plain', body: 'plain' });
  });

  it('gives the caller what it accepts besides success', async () => {
    await serve((_request, response) => response.writeHead(400).end('{"error":"pending"}'));

    const { status, body } = await client.request({ ...post, accepts: (code) => code === 400 });

    assert.deepEqual([status, body], [400, { error: 'pending' }]);
    await assert.rejects(client.request(post), { code: 'invalid' });
  });

  it('uses one connection for requests that follow each other', async () => {
    const ports = new Set<number | undefined>();
    await serve((request, response) => {
      ports.add(request.socket.remotePort);
      response.end('{}');
    });

    for (let index = 0; index < 3; index++) await client.request(post);

    assert.equal(ports.size, 1);
  });

  it('follows no redirect', async () => {
    await serve((_request, response) =>
      response.writeHead(307, { location: 'https://login.example/x?y=1' }).end(),
    );

    await assert.rejects(client.request(get), { code: 'protocol', message: /redirected to login\.example/ });
    assert.equal(requests, 1);
  });

  it('does not repeat the token when the server does', async () => {
    await serve((_request, response) => response.writeHead(400).end(`{"error":"bad token ${SECRET}"}`));

    await assert.rejects(client.request(get), { code: 'invalid', message: /bad token \*\*\*/ });
  });

  describe('repeats', () => {
    const cases: { name: string; request: HttpRequest; status: number; tries: number }[] = [
      { name: 'a GET after 503', request: get, status: 503, tries: 2 },
      { name: 'a DELETE after 502', request: { ...get, method: 'DELETE' }, status: 502, tries: 2 },
      { name: 'no POST', request: post, status: 503, tries: 1 },
      { name: 'a POST that a limit of requests kept out', request: post, status: 429, tries: 2 },
      {
        name: 'a POST with an idempotency key',
        request: { ...post, idempotencyKey: 'k' },
        status: 503,
        tries: 2,
      },
      { name: 'nothing after 404', request: get, status: 404, tries: 1 },
      { name: 'nothing after 401', request: get, status: 401, tries: 1 },
    ];
    for (const { name, request, status, tries } of cases) {
      it(name, async () => {
        await serve((_request, response) => response.writeHead(requests === 1 ? status : 200).end('{}'));

        await client.request(request).catch(() => undefined);

        assert.equal(requests, tries);
      });
    }

    it('a bounded number of times', async () => {
      await serve((_request, response) => response.writeHead(503).end());

      await assert.rejects(client.request(get), { code: 'unreachable' });
      assert.equal(requests, 3);
    });

    it('a GET whose connection broke', async () => {
      await serve((request, response) => {
        if (requests === 1) request.socket.destroy();
        else response.end('{}');
      });

      assert.deepEqual((await client.request(get)).body, {});
    });

    it('nothing when the cloud asks for a longer wait than is sensible, which the error has', async () => {
      await serve((_request, response) => response.writeHead(429, { 'retry-after': '60' }).end());

      await assert.rejects(client.request(get), (error: CloudError) => {
        assert.deepEqual([error.code, error.retryAfterMs, requests], ['rate-limited', 60_000, 1]);
        return true;
      });
    });
  });

  describe('bounds', () => {
    it('the time without an answer', async () => {
      await serve(() => undefined);

      await assert.rejects(client.request({ ...post, timeoutMs: 50 }), {
        code: 'unreachable',
        message: /did not answer within 0.05 s/,
      });
    });

    it('the time of an answer that never ends', async () => {
      await serve((_request, response) => response.write('{'));

      await assert.rejects(client.request({ ...post, timeoutMs: 50 }), { code: 'unreachable' });
    });

    for (const { size, taken } of [
      { size: 1000, taken: true },
      { size: 1001, taken: false },
    ]) {
      it(`the answer: ${size} of 1000 bytes are ${taken ? 'taken' : 'refused'}`, async () => {
        await serve((_request, response) => response.end(JSON.stringify('x'.repeat(size - 2))));

        const request = client.request({ ...post, maxBytes: 1000 });

        if (taken) await request;
        else await assert.rejects(request, { code: 'protocol', message: /larger than 1000 bytes/ });
      });
    }

    it('nothing of an answer that comes byte by byte', async () => {
      const answer = Array.from({ length: 1000 }, (_, index) => index);
      await serve((_request, response) => {
        for (const byte of Buffer.from(JSON.stringify(answer))) response.write(Buffer.of(byte));
        response.end();
      });

      assert.deepEqual((await client.request(get)).body, answer);
    });
  });

  describe('cancellation', () => {
    it('asks for nothing after it', async () => {
      await serve((_request, response) => response.end());

      await assert.rejects(client.request({ ...post, signal: AbortSignal.abort(new Error('enough')) }), {
        message: 'enough',
      });
      assert.equal(requests, 0);
    });

    for (const phase of ['before the answer', 'in the answer'] as const) {
      it(`${phase} closes the connection`, async () => {
        let isClosed = false;
        const giveUp = new AbortController();
        await serve((request, response) => {
          request.socket.on('close', () => (isClosed = true));
          if (phase === 'in the answer') response.write('{');
          setImmediate(() => giveUp.abort(new Error('enough')));
        });

        await assert.rejects(client.request({ ...post, signal: giveUp.signal }), { message: 'enough' });
        await eventually(() => assert.ok(isClosed));
      });
    }

    it('ends the wait before another try', async () => {
      const giveUp = new AbortController();
      await serve((_request, response) => {
        response.writeHead(503, { 'retry-after': '4' }).end();
        setTimeout(() => giveUp.abort(new Error('enough')), 20);
      });
      const began = performance.now();

      await assert.rejects(client.request({ ...get, signal: giveUp.signal }), { message: 'enough' });
      assert.ok(performance.now() - began < 4_000);
    });
  });

  describe('bad answers', () => {
    it('are refused when they are not JSON', async () => {
      await serve((_request, response) => response.end('<html>'));

      await assert.rejects(client.request(get), {
        code: 'protocol',
        message: /not JSON; check the base URL/,
      });
    });

    it('are refused when they break off', async () => {
      await serve((request, response) => {
        response.writeHead(200, { 'content-length': 100 });
        response.write('{"a":', () => request.socket.destroy());
      });

      await assert.rejects(client.request(post), { code: 'unreachable' });
    });

    it('are refused when they switch to another protocol, which nobody asked for', async () => {
      const switching = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n';
      await serve((request) => void request.socket.write(switching));

      await assert.rejects(client.request(post), { code: 'unreachable', message: /without an answer/ });
    });

    it('are refused when they are not HTTP', async () => {
      await serve((request) => request.socket.end('SSH-2.0-x\r\n'));

      await assert.rejects(client.request(post), { code: 'unreachable' });
    });
  });

  it('says that nothing listens', async () => {
    await serve((_request, response) => response.end());
    await server.close();

    await assert.rejects(client.request(post), { code: 'unreachable', message: /refuses connections/ });
    await serve((_request, response) => response.end());
  });
});
