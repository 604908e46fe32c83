import assert from 'node:assert/strict';
import { once, type EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import * as net from 'node:net';
import * as path from 'node:path';
import type { Duplex } from 'node:stream';
import { createWebSocketStream, WebSocket } from 'ws';
import { ByteReader } from '../../../src/base/byteReader';
import { GREETING_BYTES, HELLO_BYTES } from '../../../src/agentProtocol/handshakeMessages';
import { admissionOf, keyIdOf } from '../../../src/agentProtocol/secret';
import { TestAgent, type AgentConnection } from '../../helpers/agent';
import { eventually } from '../../helpers/eventually';
import { freePort } from '../../helpers/forwards';
import { collect, readAll } from '../../helpers/remoteProcess';
import { useTempDir } from '../../helpers/tempDir';

const PATH = '/some/route/cloud-sandboxes-agent';
const UPGRADE = [
  'Host: sandbox',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];
const MEGABYTE = 1024 * 1024;

describe('an agent', () => {
  const dir = useTempDir();

  // Of its own, since its hooks need the folder.
  describe('on a public port', () => servePublicly(dir));
});

function servePublicly(dir: { readonly path: string }): void {
  let agent: TestAgent;
  let port: number;

  beforeEach(async () => {
    port = await freePort();
    agent = await TestAgent.start(path.join(dir.path, 'agent'), { args: ['--port', String(port)] });
  });

  afterEach(async () => {
    try {
      // Whatever happened, it still serves those who may be served.
      assert.equal(await echoOver(await agent.connect(() => dialPort(agent.secret))), 'on\n');
    } finally {
      await agent.end();
    }
  });

  const openWebSocket = (secret: Buffer): WebSocket => {
    const headers = { authorization: `Bearer ${admissionOf(secret)}` };
    return new WebSocket(`ws://127.0.0.1:${port}${PATH}`, { headers, perMessageDeflate: false });
  };

  const dialPort = async (secret: Buffer): Promise<Duplex> => {
    const ws = openWebSocket(secret);
    // Before it opens: the greeting may come with the answer to its request.
    const stream = createWebSocketStream(ws);
    await once(ws, 'open');
    return stream;
  };

  /** All that is answered to these bytes until the socket is closed. */
  const answerTo = async (bytes: string | Buffer): Promise<string> => {
    const socket = net.connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(bytes);
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    await closed(socket);
    return Buffer.concat(chunks).toString('latin1');
  };

  it('says in its record where it listens', async () => {
    assert.deepEqual((await agent.record()).ports, [port]);
  });

  describe('closes without a byte', () => {
    const wrong = randomBytes(32);
    const request = (path_: string, authorization: string | undefined, first = 'GET'): string =>
      [
        `${first} ${path_} HTTP/1.1`,
        ...UPGRADE,
        ...(authorization ? [`Authorization: ${authorization}`] : []),
        '',
        '',
      ].join('\r\n');
    const cases: readonly { readonly name: string; readonly bytes: () => string | Buffer }[] = [
      { name: 'a web page', bytes: () => 'GET / HTTP/1.1\r\nHost: a\r\n\r\n' },
      { name: 'a request without a host', bytes: () => 'GET / HTTP/1.1\r\n\r\n' },
      { name: 'a request of HTTP/1.0', bytes: () => 'GET / HTTP/1.0\r\n\r\n' },
      {
        name: 'a request with a body that waits',
        bytes: () => 'POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n',
      },
      { name: 'an odd expectation', bytes: () => 'GET / HTTP/1.1\r\nHost: a\r\nExpect: more\r\n\r\n' },
      { name: 'a proxy request', bytes: () => 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n' },
      { name: 'a preface of HTTP/2', bytes: () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' },
      { name: 'a hello of TLS', bytes: () => Buffer.from('16030100a5010000a1', 'hex') },
      { name: 'a banner of SSH', bytes: () => 'SSH-2.0-scanner\r\n' },
      { name: 'random bytes', bytes: () => randomBytes(4096) },
      {
        name: 'headers beyond all measure',
        bytes: () => `GET / HTTP/1.1\r\nX: ${'a'.repeat(100_000)}\r\n\r\n`,
      },
      { name: 'a WebSocket without an admission', bytes: () => request(PATH, undefined) },
      {
        name: 'a WebSocket with the admission of another secret',
        bytes: () => request(PATH, `Bearer ${admissionOf(wrong)}`),
      },
      {
        name: 'a WebSocket with our key id and a wrong admission',
        bytes: () => request(PATH, `Bearer ${keyIdOf(agent.secret)}.${'0'.repeat(64)}`),
      },
      {
        name: 'a WebSocket with a key id that is a path',
        bytes: () => request(PATH, `Bearer ../../etc/passwd.${'0'.repeat(64)}`),
      },
      {
        name: 'a WebSocket elsewhere',
        bytes: () => request('/other', `Bearer ${admissionOf(agent.secret)}`),
      },
    ];
    for (const { name, bytes } of cases) {
      it(name, async () => assert.equal(await answerTo(bytes()), ''));
    }

    it('a slow request, before all of it is there', async () => {
      const socket = net.connect(port, '127.0.0.1');
      socket.on('error', () => undefined);
      let answered = 0;
      socket.on('data', (chunk: Buffer) => (answered += chunk.length));
      socket.write('GET / HTTP/1.1\r\n');
      const drip = setInterval(() => socket.write('X'), 500);

      await closed(socket);

      clearInterval(drip);
      assert.equal(answered, 0);
    });
  });

  describe('behind the admission', () => {
    it('says no more than its greeting to who does not know the secret', async () => {
      const carrier = await dialPort(agent.secret);
      carrier.on('error', () => undefined);
      carrier.write(randomBytes(HELLO_BYTES));

      assert.equal((await readAll(carrier).catch(() => Buffer.alloc(GREETING_BYTES))).length, GREETING_BYTES);
    });

    it('does not take a hello a second time', async () => {
      const written: Buffer[] = [];
      const connection = await agent.connect(async () => noteWrites(await dialPort(agent.secret), written));
      assert.equal(await echoOver(connection), 'on\n');
      const replay = await dialPort(agent.secret);
      replay.on('error', () => undefined);
      const reader = new ByteReader(replay);
      await reader.read(GREETING_BYTES);

      replay.write(Buffer.concat(written).subarray(0, HELLO_BYTES));

      assert.equal((await reader.read(1)).length, 0);
      assert.equal(await echoOver(connection), 'on\n');
    });

    it('ends a carrier that sends a message too large', async () => {
      const ws = openWebSocket(agent.secret);
      ws.on('error', () => undefined);
      await once(ws, 'open');
      ws.send(Buffer.alloc(8 * MEGABYTE));

      await closed(ws);
    });

    it('ends a carrier that sends frames which are none', async () => {
      const carriers: Duplex[] = [];
      const connection = await agent.connect(async () => {
        const carrier = await dialPort(agent.secret);
        carriers.push(carrier);
        return carrier;
      });

      carriers[0]?.write(Buffer.alloc(100_000, 0xff));

      await closed(connection.stream);
    });

    it('ends a session whose messages make no sense', async () => {
      const connection = await agent.connect(() => dialPort(agent.secret));

      connection.stream.write(Buffer.alloc(100_000, 0xff));

      await closed(connection.stream);
    });
  });

  it('lets the right client in among 1,000 sockets, and its memory stays bounded', async function () {
    this.timeout(60_000);
    const before = residentMegabytes(agent.child.pid!);
    // More come at once than the system lets wait, so the right client comes again with many of them.
    agent.child.kill('SIGSTOP');
    const sockets = Array.from({ length: 1000 }, (_, index) => {
      const socket = net.connect(port, '127.0.0.1');
      socket.on('error', () => undefined);
      if (index % 2) socket.write(`GET / HTTP/1.1\r\nX: ${'a'.repeat(7000)}`);
      return socket;
    });

    const connecting = agent.connect(() => dialPort(agent.secret));
    await eventually(() => assert.ok(sockets.filter(({ pending }) => !pending).length > 128)).finally(() =>
      agent.child.kill('SIGCONT'),
    );
    const connection = await connecting;

    assert.equal(await echoOver(connection), 'on\n');
    await eventually(() => assert.ok(sockets.filter(({ destroyed }) => !destroyed).length <= 512));
    assert.ok(residentMegabytes(agent.child.pid!) - before < 60);
    for (const socket of sockets) socket.destroy();
  });

  describe('of several', () => {
    let other: TestAgent;

    afterEach(() => other.end());

    const startOther = async (...ports: number[]): Promise<void> => {
      const args = ports.flatMap((each) => ['--port', String(each)]);
      other = await TestAgent.start(path.join(dir.path, 'other'), { args });
    };

    it('takes the first that can be had and leaves the rest alone', async () => {
      const [second, third] = [await freePort(), await freePort()];
      await startOther(port, second, third);

      assert.deepEqual((await other.record()).ports, [second]);
      assert.match(other.log, new RegExp(`port ${port} cannot be had`));
      await assert.rejects(once(net.connect(third, '127.0.0.1'), 'connect'), { code: 'ECONNREFUSED' });
    });

    it('that are all taken gets one later, when its owner has ended', async () => {
      const first = net.createServer().listen(await freePort());
      await once(first, 'listening');
      const { port: taken } = first.address() as net.AddressInfo;
      await startOther(taken);
      assert.deepEqual((await other.record()).ports, []);

      first.close();

      await eventually(async () => assert.deepEqual((await other.record()).ports, [taken]));
    });
  });
}

/** Resolves when it is closed, whyever. */
function closed(one: EventEmitter): Promise<void> {
  return new Promise((resolve) => one.once('close', () => resolve()));
}

/** Keeps a copy of what is written to a stream. */
function noteWrites(stream: Duplex, written: Buffer[]): Duplex {
  const write = stream._write.bind(stream);
  stream._write = (chunk: Buffer, encoding, done) => {
    written.push(chunk);
    write(chunk, encoding, done);
  };
  return stream;
}

async function echoOver({ client }: AgentConnection): Promise<string> {
  return (await collect(await client.exec({ argv: ['echo', 'on'], env: {} }))).stdout;
}

function residentMegabytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}
