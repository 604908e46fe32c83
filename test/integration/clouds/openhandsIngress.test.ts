/** The ingress of the stand-in for OpenHands Cloud, and how it loses connections. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { WebSocket } from 'ws';
import type { RunningSandbox } from '../../clouds/openhands/client';
import type { OpenHandsOptions } from '../../clouds/openhands/options';
import { useOpenHandsClouds, type StartedCloud } from '../../clouds/openhands/suite';
import { eventually } from '../../helpers/eventually';
import { requireTool } from '../../helpers/require';

/** Answers requests with their path and WebSockets with what they send. */
const ECHO = `
  const { WebSocketServer } = require(${JSON.stringify(createRequire(import.meta.filename).resolve('ws'))});
  const server = require('http').createServer((request, response) => response.end(request.url));
  const echo = (socket) => socket.on('message', (data, binary) => socket.send(data, { binary }));
  new WebSocketServer({ server }).on('connection', echo);
  server.listen(process.env.WORKER_2, '0.0.0.0');
`;

interface EchoingCloud extends StartedCloud {
  readonly sandbox: RunningSandbox;
  /** Open, to a server that sends everything back. */
  readonly socket: WebSocket;
}

describe('the ingress of the stand-in for OpenHands Cloud', function () {
  this.timeout(60_000);
  const start = useOpenHandsClouds({ agentServer: 'standIn' });
  before(function () {
    requireTool(this, 'bwrap');
  });

  for (const routing of ['path', 'host', 'docker'] as const) {
    it(`answers 502 until a worker listens, then carries its requests with their paths: ${routing} routing`, async () => {
      const { cloud, client } = await start({ routing });
      const sandbox = await client.create();
      const url = sandbox.urlOf('WORKER_2').replace(/\/$/, '');

      assert.equal((await fetch(`${url}/some/path`)).status, 502);
      await startEcho(sandbox);

      const { pathname } = new URL(`${url}/some/path`);
      await eventually(async () => assert.equal(await (await fetch(`${url}/some/path`)).text(), pathname));
      assert.equal(cloud.requests.to('WORKER_2').at(-1)?.path, pathname);
    });
  }

  it('carries WebSockets', async () => {
    const { socket } = await echo();
    socket.send('hello');

    assert.equal(String((await once(socket, 'message'))[0]), 'hello');
  });

  it('refuses a WebSocket to a port that nobody listens on', async () => {
    const { client } = await start();
    const sandbox = await client.create();
    const socket = new WebSocket(sandbox.urlOf('WORKER_1').replace('http', 'ws'));

    await assert.rejects(once(socket, 'open'), /502/);
  });

  it('cuts WebSockets without a close frame', async () => {
    const { cloud, sandbox, socket } = await echo();
    socket.on('error', () => undefined);
    const closed = once(socket, 'close');

    assert.equal(cloud.sandbox(sandbox.id).network.cut(), 1);
    assert.equal((await closed)[0], 1006);
  });

  it('cuts a WebSocket within a frame', async () => {
    const { cloud, sandbox, socket } = await echo();
    socket.on('error', () => undefined);
    const messages: unknown[] = [];
    socket.on('message', (data) => messages.push(data));
    const closed = once(socket, 'close');
    cloud.sandbox(sandbox.id).network.cutAfter(150_000);
    socket.send(Buffer.alloc(100_000));

    assert.equal((await closed)[0], 1006);
    assert.deepEqual(messages, []);
  });

  it('goes silent without a word, and loses nothing', async () => {
    const { cloud, client, sandbox, socket } = await echo();
    const { network } = cloud.sandbox(sandbox.id);
    const messages: string[] = [];
    socket.on('message', (data: Buffer) => messages.push(data.toString()));
    network.goSilent();
    socket.send('hello');
    await client.get(sandbox.id);
    const whileSilent = [socket.readyState, ...messages];

    network.comeBack();

    await eventually(() => assert.deepEqual(messages, ['hello']));
    assert.deepEqual(whileSilent, [WebSocket.OPEN]);
  });

  it('cuts a WebSocket that is idle', async () => {
    const { socket } = await echo({ idleCutMs: 200 });

    assert.equal((await once(socket, 'close'))[0], 1006);
  });

  async function echo(options: OpenHandsOptions = {}): Promise<EchoingCloud> {
    const { cloud, client } = await start(options);
    const sandbox = await client.create();
    await startEcho(sandbox);
    const url = sandbox.urlOf('WORKER_2').replace('http', 'ws');
    const socket = await eventually(() => open(url));
    return { cloud, client, sandbox, socket };
  }
});

async function startEcho(sandbox: RunningSandbox): Promise<void> {
  await sandbox.upload('/tmp/echo.cjs', ECHO);
  await sandbox.run('setsid node /tmp/echo.cjs </dev/null >/dev/null 2>&1 &');
}

async function open(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url);
  await once(socket, 'open');
  return socket;
}
