import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import * as http from 'node:http';
import * as https from 'node:https';
import * as net from 'node:net';
import * as path from 'node:path';
import { WebSocketServer } from 'ws';
import { EXTRA_CA_FILE } from '../../../src/base/extraCa';
import { silentLogger } from '../../../src/base/logger';
import { HttpClient } from '../../../src/cloud/http';
import { Origin } from '../../../src/cloud/origin';
import type { NetworkSettings } from '../../../src/cloud/provider';
import { dialWebSocket } from '../../../src/cloud/websocket';
import { makeCertificate } from '../../helpers/certificate';
import { eventually } from '../../helpers/eventually';
import { listen, type TestServer } from '../../helpers/httpServer';
import { requireTool } from '../../helpers/require';
import { serveSocks, type SocksProxy } from '../../helpers/socksProxy';
import { useTempDir } from '../../helpers/tempDir';

/** A name that only the proxy of these tests resolves: loopback itself is never proxied. */
const CLOUD_HOST = 'cloud.test';

describe('the way to a cloud', () => {
  const dir = useTempDir();
  const servers: { close(): Promise<void> }[] = [];
  let origin: Origin | undefined;

  afterEach(async () => {
    origin?.route.dispose();
    await Promise.all(servers.splice(0).map((server) => server.close()));
  });

  async function serve(server: http.Server): Promise<TestServer> {
    const sockets = new WebSocketServer({ noServer: true });
    server.on('request', (_request, response: http.ServerResponse) => response.end('{"ok":true}'));
    server.on('upgrade', (request, socket, head) =>
      sockets.handleUpgrade(request, socket, head, (ws) => ws.send('hi')),
    );
    const served = await listen(server);
    servers.push(served);
    return served;
  }

  /** A proxy that sends every name to loopback; `answer` is its reply to CONNECT; none: it says nothing. */
  async function serveProxy(answer = '200 OK'): Promise<TestServer & ProxyLog> {
    const log: ProxyLog = { targets: [], credentials: [], sockets: [] };
    const server = http.createServer((request, response) => {
      log.targets.push(`${request.method ?? ''} ${request.url ?? ''}`);
      log.credentials.push(request.headers['proxy-authorization']);
      const { port, pathname } = new URL(request.url ?? '');
      http.get({ port, path: pathname }, (answered) => answered.pipe(response));
    });
    server.on('connect', (request: http.IncomingMessage, socket: net.Socket) => {
      log.targets.push(`CONNECT ${request.url ?? ''}`);
      log.credentials.push(request.headers['proxy-authorization']);
      log.sockets.push(socket);
      socket.on('error', () => undefined).on('end', () => socket.destroy());
      if (answer === '') return void socket.resume();
      socket.write(`HTTP/1.1 ${answer}\r\n\r\n`);
      if (!answer.startsWith('200')) return void socket.end();
      const target = net.connect(Number(request.url?.split(':')[1]), '127.0.0.1');
      target.on('error', () => socket.destroy()).on('close', () => socket.destroy());
      socket
        .on('close', () => target.destroy())
        .pipe(target)
        .pipe(socket);
    });
    const served = await listen(server);
    servers.push(served);
    return { ...served, ...log };
  }

  function createOrigin(baseUrl: string, network: NetworkSettings): Origin {
    origin = new Origin({ baseUrl, network, log: silentLogger });
    return origin;
  }

  async function request(from: Origin): Promise<unknown> {
    const answer = await new HttpClient(from).request({
      what: 'ask',
      method: 'POST',
      path: '/x',
      timeoutMs: 2_000,
    });
    return answer.body;
  }

  async function firstMessage(from: Origin): Promise<string> {
    const ws = await dialWebSocket({ origin: from, path: '/ws', what: 'dial' });
    const message = await new Promise<string>((resolve) => {
      ws.listen({ onMessage: (data) => resolve(data.toString()), onClose: () => resolve('closed') });
    });
    ws.terminate();
    return message;
  }

  it('leads plain requests through the proxy and WebSockets through a tunnel', async () => {
    const cloud = await serve(http.createServer());
    const proxy = await serveProxy();
    const network = { proxyUrl: proxy.url.replace('//', '//ann:p%40ss@') };
    const from = createOrigin(`http://${CLOUD_HOST}:${cloud.port}`, network);

    assert.deepEqual(await request(from), { ok: true });
    assert.equal(await firstMessage(from), 'hi');

    assert.deepEqual(proxy.targets, [
      `POST http://${CLOUD_HOST}:${cloud.port}/x`,
      `CONNECT ${CLOUD_HOST}:${cloud.port}`,
    ]);
    const credentials = `Basic ${Buffer.from('ann:p@ss').toString('base64')}`;
    assert.deepEqual(proxy.credentials, [credentials, credentials]);
  });

  it('authenticates to the proxy as the settings say, and to nobody else', async () => {
    const seen: unknown[] = [];
    const cloud = await serve(
      http.createServer(({ headers }) => void seen.push(headers['proxy-authorization'])),
    );
    const proxy = await serveProxy();
    const from = createOrigin(`http://${CLOUD_HOST}:${cloud.port}`, {
      proxyUrl: proxy.url,
      proxyAuthorization: 'Bearer abc',
    });

    await request(from);
    await firstMessage(from);

    assert.deepEqual(proxy.credentials, ['Bearer abc', 'Bearer abc']);
    assert.deepEqual(seen, [undefined]);
  });

  it('never leads to loopback through the proxy', async () => {
    const cloud = await serve(http.createServer());
    const proxy = await serveProxy();

    await request(createOrigin(cloud.url, { proxyUrl: proxy.url }));

    assert.deepEqual(proxy.targets, []);
  });

  it('reports a proxy that refuses, without its credentials', async () => {
    const proxy = await serveProxy('407 Proxy Authentication Required');
    const from = createOrigin(`https://${CLOUD_HOST}`, {
      proxyUrl: proxy.url.replace('//', '//ann:s3cret@'),
    });

    for (const attempt of [request(from), firstMessage(from)]) {
      await assert.rejects(attempt, (error: Error & { code: string }) => {
        assert.equal(error.code, 'unreachable');
        assert.match(error.message, /the proxy 127\.0\.0\.1:\d+ refused with HTTP 407/);
        assert.ok(!error.message.includes('s3cret'));
        return true;
      });
    }
  });

  it('closes the connection to a proxy that says nothing when it gives up', async () => {
    const proxy = await serveProxy('');
    const from = createOrigin(`https://${CLOUD_HOST}`, { proxyUrl: proxy.url });

    const dialling = dialWebSocket({ origin: from, path: '/', what: 'dial', handshakeTimeoutMs: 1_000 });
    const asking = new HttpClient(from).request({ what: 'ask', method: 'POST', path: '/', timeoutMs: 1_000 });

    await assert.rejects(dialling, { code: 'unreachable' });
    await assert.rejects(asking, { code: 'unreachable' });
    await eventually(() =>
      assert.deepEqual(
        proxy.sockets.map(({ destroyed }) => destroyed),
        [true, true],
      ),
    );
  });

  describe('by a SOCKS proxy', () => {
    async function serveSocksProxy(...options: Parameters<typeof serveSocks>): Promise<SocksProxy> {
      const proxy = await serveSocks(...options);
      servers.push(proxy);
      return proxy;
    }

    const schemes = [
      { scheme: 'socks', version: 5 },
      { scheme: 'socks5', version: 5 },
      { scheme: 'socks5h', version: 5 },
      { scheme: 'socks4', version: 4 },
      { scheme: 'socks4a', version: 4 },
    ];
    for (const { scheme, version } of schemes) {
      it(`leads requests and WebSockets through ${scheme}://, which looks up the name`, async () => {
        const cloud = await serve(http.createServer());
        const proxy = await serveSocksProxy();
        const proxyUrl = `${scheme}://${proxy.host}`;
        const from = createOrigin(`http://${CLOUD_HOST}:${cloud.port}`, { proxyUrl });

        assert.deepEqual([await request(from), await firstMessage(from)], [{ ok: true }, 'hi']);

        assert.deepEqual([...new Set(proxy.targets)], [`${version} ${CLOUD_HOST}:${cloud.port}`]);
      });
    }

    it('authenticates to it by the user and the password in its address', async () => {
      const cloud = await serve(http.createServer());
      const proxy = await serveSocksProxy();
      const proxyUrl = `socks5://ann:p%40ss@${proxy.host}`;

      await request(createOrigin(`http://${CLOUD_HOST}:${cloud.port}`, { proxyUrl }));

      assert.deepEqual(proxy.credentials, ['ann:p@ss']);
    });

    it('ends no connection that is in use for being idle', async () => {
      const cloud = await serve(http.createServer());
      const proxy = await serveSocksProxy();
      const baseUrl = `http://${CLOUD_HOST}:${cloud.port}`;
      const { route } = createOrigin(baseUrl, { proxyUrl: `socks5://${proxy.host}` });

      const asking = http.get(baseUrl, { agent: route.requestAgent });
      const [socket] = (await once(asking, 'socket')) as [net.Socket];
      socket.emit('timeout');

      assert.equal(socket.destroyed, false);
      await once(asking, 'response');
    });

    it('reports one that refuses, without its credentials', async () => {
      const proxy = await serveSocksProxy({ refuses: true });
      const from = createOrigin(`https://${CLOUD_HOST}`, { proxyUrl: `socks5://ann:s3cret@${proxy.host}` });

      for (const attempt of [request(from), firstMessage(from)]) {
        await assert.rejects(attempt, (error: Error & { code: string }) => {
          assert.equal(error.code, 'unreachable');
          assert.match(error.message, /the proxy 127\.0\.0\.1:\d+ failed: Socks5 proxy rejected connection/);
          assert.ok(!error.message.includes('s3cret'));
          return true;
        });
      }
    });
  });

  describe('over TLS', () => {
    async function serveTls(): Promise<{ cloud: TestServer; ca: string }> {
      const { key, cert } = makeCertificate(dir.path, CLOUD_HOST);
      return { cloud: await serve(https.createServer({ key, cert })), ca: cert };
    }

    before(function () {
      requireTool(this, 'openssl');
    });

    it('refuses a certificate that nobody vouches for', async () => {
      const { cloud } = await serveTls();
      const from = createOrigin(cloud.url.replace('http:', 'https:'), {});

      for (const attempt of [request(from), firstMessage(from)]) {
        await assert.rejects(attempt, {
          code: 'unreachable',
          message: /certificate that is not trusted here/,
        });
      }
    });

    it('accepts one of an extra authority, directly and through a proxy', async () => {
      const { cloud, ca } = await serveTls();
      const proxy = await serveProxy();
      const direct = createOrigin(`https://127.0.0.1:${cloud.port}`, { extraCa: [ca] });
      assert.deepEqual([await request(direct), await firstMessage(direct)], [{ ok: true }, 'hi']);
      direct.route.dispose();

      const proxied = createOrigin(`https://${CLOUD_HOST}:${cloud.port}`, {
        extraCa: [ca],
        proxyUrl: proxy.url,
      });
      assert.deepEqual([await request(proxied), await firstMessage(proxied)], [{ ok: true }, 'hi']);

      assert.deepEqual([...new Set(proxy.targets)], [`CONNECT ${CLOUD_HOST}:${cloud.port}`]);
    });

    it('asks for such a certificate through a SOCKS proxy too', async () => {
      const { cloud, ca } = await serveTls();
      const proxy = await serveSocks();
      servers.push(proxy);
      const baseUrl = `https://${CLOUD_HOST}:${cloud.port}`;
      const proxyUrl = `socks5://${proxy.host}`;
      const unknown = createOrigin(baseUrl, { proxyUrl });
      for (const attempt of [request(unknown), firstMessage(unknown)])
        await assert.rejects(attempt, { message: /certificate that is not trusted here/ });
      unknown.route.dispose();

      const known = createOrigin(baseUrl, { proxyUrl, extraCa: [ca] });
      assert.deepEqual([await request(known), await firstMessage(known)], [{ ok: true }, 'hi']);
    });

    it('accepts one of an authority in the file that a launcher passed on', async () => {
      const { cloud, ca } = await serveTls();
      const file = path.join(dir.path, 'extra.pem');
      writeFileSync(file, ca);
      process.env[EXTRA_CA_FILE] = file;
      try {
        const from = createOrigin(`https://127.0.0.1:${cloud.port}`, {});
        assert.deepEqual(await request(from), { ok: true });
        from.route.dispose();
      } finally {
        Reflect.deleteProperty(process.env, EXTRA_CA_FILE);
      }
    });

    it('still trusts the known authorities besides the extra ones', async () => {
      const { cloud } = await serveTls();
      const from = createOrigin(cloud.url.replace('http:', 'https:'), { extraCa: ['not a certificate'] });

      await assert.rejects(request(from), { code: 'unreachable' });
    });

    it('accepts any only when the user turned the check off', async () => {
      const { cloud } = await serveTls();
      const from = createOrigin(cloud.url.replace('http:', 'https:'), { strictTls: false });

      assert.deepEqual([await request(from), await firstMessage(from)], [{ ok: true }, 'hi']);
    });
  });
});

interface ProxyLog {
  readonly targets: string[];
  readonly credentials: (string | undefined)[];
  readonly sockets: net.Socket[];
}
