import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { silentLogger } from '../../../src/base/logger';
import { HttpClient } from '../../../src/cloud/http';
import { Origin } from '../../../src/cloud/origin';
import {
  dialWebSocket,
  type CloudWebSocket,
  type DialOptions,
  type WebSocketClose,
} from '../../../src/cloud/websocket';
import { eventually } from '../../helpers/eventually';
import { serveHttp, type TestServer } from '../../helpers/httpServer';

const KIBIBYTE = 1024;

describe('dialWebSocket', () => {
  let server: TestServer;
  let origin: Origin;
  let sockets: WebSocketServer;
  let raw: Duplex[] = [];

  /** Serves WebSockets; `upgrade` may answer a handshake by itself by returning true. */
  async function serve(
    onSocket: (ws: WebSocket) => void,
    upgrade?: (socket: Duplex, request: IncomingMessage) => boolean,
  ): Promise<void> {
    sockets = new WebSocketServer({ noServer: true, autoPong: false });
    raw = [];
    server = await serveHttp((_request, response) => response.end('{}'));
    server.server.on('upgrade', (request, socket: Duplex, head) => {
      raw.push(socket);
      socket.on('error', () => undefined);
      if (upgrade?.(socket, request)) return;
      const echo = (ws: WebSocket): void => void ws.on('message', (data) => ws.send(data));
      sockets.handleUpgrade(request, socket, head, request.url === '/echo' ? echo : onSocket);
    });
    origin = new Origin({ baseUrl: server.url, secrets: ['s3cret'], log: silentLogger });
  }

  function dial(options: Partial<DialOptions> = {}): Promise<CloudWebSocket> {
    return dialWebSocket({ origin, path: '/socket', what: 'attach', ...options });
  }

  /** Resolves once another connection to the same server has carried so many bytes to it and back. */
  async function whileAnotherCarries(bytes: number): Promise<void> {
    const other = await dial({ path: '/echo' });
    let received = 0;
    other.listen({ onMessage: (data) => (received += data.length), onClose: () => undefined });
    for (let sent = 0; sent < bytes; sent += 64 * KIBIBYTE) other.send(Buffer.alloc(64 * KIBIBYTE));
    await eventually(() => assert.equal(received, bytes));
    other.terminate();
  }

  afterEach(async () => {
    for (const socket of raw) socket.destroy();
    origin.route.dispose();
    await server.close();
  });

  it('loses no frame that comes with the handshake, however late somebody listens', async () => {
    await serve(
      () => undefined,
      (socket, request) => {
        // Handshake, two frames and the close in one write.
        const frames = Buffer.concat([textFrame('one'), textFrame('two'), Buffer.of(0x88, 2, 0x03, 0xe8)]);
        acceptHandshake(request, socket, frames);
        return true;
      },
    );
    const ws = await dial();
    await new Promise(setImmediate);

    const { messages, closed } = record(ws);

    assert.deepEqual(await closed, { code: 1000, reason: '' });
    assert.deepEqual(messages, ['one', 'two']);
  });

  it('tells text from binary', async () => {
    await serve((ws) => {
      ws.send('text');
      ws.send(Buffer.of(0xff, 0), () => ws.close(4001, 'done'));
    });
    const seen: [string, boolean][] = [];
    const ws = await dial();

    const close = await new Promise<WebSocketClose>((resolve) => {
      ws.listen({
        onMessage: (data, isBinary) => seen.push([data.toString('hex'), isBinary]),
        onClose: resolve,
      });
    });

    assert.deepEqual(seen, [
      ['74657874', false],
      ['ff00', true],
    ]);
    assert.deepEqual(close, { code: 4001, reason: 'done' });
  });

  it('holds the peer while paused', async () => {
    let peer: WebSocket | undefined;
    await serve((ws) => (peer = ws));
    const ws = await dial();
    let received = 0;
    ws.listen({ onMessage: (data) => (received += data.length), onClose: () => undefined });
    ws.pause();

    for (let index = 0; index < 512; index++) peer?.send(Buffer.alloc(64 * KIBIBYTE));
    await whileAnotherCarries(32 * KIBIBYTE * KIBIBYTE);

    assert.ok((peer?.bufferedAmount ?? 0) > 8 * KIBIBYTE * KIBIBYTE);
    assert.ok(received < KIBIBYTE * KIBIBYTE);
    ws.resume();
    await eventually(() => assert.equal(received, 512 * 64 * KIBIBYTE));
    ws.terminate();
  });

  it('holds the sender while the peer does not read', async () => {
    let peer: WebSocket | undefined;
    let received = 0;
    await serve((ws) => {
      peer = ws;
      ws.pause();
      ws.on('message', (data: Buffer) => (received += data.length));
    });
    const ws = await dial();
    record(ws);
    let taken = 0;
    const total = 1024;

    const sendNext = (): void => {
      if (taken === total) return;
      ws.send(Buffer.alloc(64 * KIBIBYTE), () => {
        taken++;
        sendNext();
      });
    };
    sendNext();
    await whileAnotherCarries(total * 64 * KIBIBYTE);
    const isHeld = taken < total;
    peer?.resume();

    await eventually(() => assert.equal(received, total * 64 * KIBIBYTE));
    assert.ok(isHeld);
    ws.terminate();
  });

  const refusals = [
    { status: 401, code: 'unauthenticated' },
    { status: 403, code: 'forbidden' },
    { status: 404, code: 'not-found' },
    { status: 409, code: 'conflict' },
    { status: 200, code: 'protocol' },
    { status: 302, code: 'protocol' },
    { status: 502, code: 'unreachable' },
  ] as const;
  for (const { status, code } of refusals) {
    it(`reports a handshake answered with ${status} as ${code}`, async () => {
      const body = '{"error":{"message":"no s3cret"}}';
      await serve(
        () => undefined,
        (socket) => {
          socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
          return true;
        },
      );

      await assert.rejects(dial(), (error: Error & { code: string }) => {
        assert.equal(error.code, code);
        assert.ok(!error.message.includes('s3cret'));
        return true;
      });
    });
  }

  it('reports a refusal whose body never ends by its status', async () => {
    await serve(
      () => undefined,
      (socket) => {
        socket.write('HTTP/1.1 404 No\r\nContent-Length: 10\r\n\r\n');
        return true;
      },
    );

    await assert.rejects(dial({ handshakeTimeoutMs: 1_000 }), { code: 'unreachable' });
    await eventually(() => assert.ok(raw[0]?.readableEnded));
  });

  it('gives up on a silent server and closes the connection', async () => {
    await serve(
      () => undefined,
      () => true,
    );

    await assert.rejects(dial({ handshakeTimeoutMs: 1_000 }), { code: 'unreachable', message: /within 1 s/ });

    raw[0]?.resume();
    await eventually(() => assert.ok(raw[0]?.readableEnded));
  });

  it('closes the connection when the caller gives up', async () => {
    const giveUp = new AbortController();
    await serve(
      () => undefined,
      () => {
        giveUp.abort(new Error('enough'));
        return true;
      },
    );

    await assert.rejects(dial({ signal: giveUp.signal }), { message: 'enough' });

    raw[0]?.resume();
    await eventually(() => assert.ok(raw[0]?.readableEnded));
  });

  it('refuses a message beyond the limit and takes one at it', async () => {
    await serve((ws) => {
      ws.send(Buffer.alloc(1000));
      ws.send(Buffer.alloc(1001));
    });
    const { messages, closed } = record(await dial({ maxMessageBytes: 1000 }));

    const close = await closed;

    assert.equal(messages.length, 1);
    assert.match(close.error?.message ?? '', /Max payload size exceeded/);
  });

  it('tells a drop from a close', async () => {
    await serve((ws) => ws.terminate());

    const { closed } = record(await dial());

    assert.equal((await closed).code, 1006);
  });

  it('measures round trips from the start', async () => {
    await serve((ws) => ws.on('ping', (data) => ws.pong(data)));
    const trips: number[] = [];

    const ws = await dial({ onRoundTrip: (ms) => trips.push(ms), pingIntervalMs: 20 });
    record(ws);

    await eventually(() => assert.ok(trips.length >= 3));
    assert.ok(trips.every((ms) => ms >= 0 && ms < 5_000));
    ws.terminate();
  });

  it('notices a peer that is gone without a word', async () => {
    await serve(() => undefined);

    const { closed } = record(await dial({ pingIntervalMs: 20, silenceLimitMs: 60 }));

    assert.match((await closed).error?.message ?? '', /went silent/);
  });

  it('does not take a peer for dead that holds input it was sent', async () => {
    let pings = 0;
    await serve((ws) => ws.on('ping', () => pings++));
    const ws = await dial({ pingIntervalMs: 10, silenceLimitMs: 30 });
    let isClosed = false;
    void record(ws).closed.then(() => (isClosed = true));
    ws.send('input that may wait');

    await eventually(() => assert.ok(pings > 12));

    assert.equal(isClosed, false);
    ws.terminate();
  });

  it('answers for itself while it is held, because the pings of its peer wait unread', async () => {
    let pongs = 0;
    await serve((ws) => ws.on('pong', () => pongs++));
    const ws = await dial({ pingIntervalMs: 10 });
    record(ws);
    ws.pause();

    await eventually(() => assert.ok(pongs >= 3));
    ws.terminate();
  });

  it('uses the idle connection of an HTTP request', async () => {
    await serve(() => undefined);
    let connections = 0;
    server.server.on('connection', () => connections++);
    await new HttpClient(origin).request({ what: 'x', method: 'POST', path: '/' });

    const ws = await dial();

    assert.equal(connections, 1);
    ws.terminate();
  });
});

function record(ws: CloudWebSocket): { messages: string[]; closed: Promise<WebSocketClose> } {
  const messages: string[] = [];
  const closed = new Promise<WebSocketClose>((onClose) => {
    ws.listen({ onMessage: (data) => messages.push(data.toString('utf8')), onClose });
  });
  return { messages, closed };
}

function textFrame(text: string): Buffer {
  return Buffer.concat([Buffer.of(0x81, text.length), Buffer.from(text)]);
}

/** Answers a handshake by hand (RFC 6455 section 4.2.2), with bytes after it in the same write, then its end. */
function acceptHandshake(request: IncomingMessage, socket: Duplex, after: Buffer): void {
  const key = request.headers['sec-websocket-key'] ?? '';
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  const head = [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${accept}`,
  ];
  socket.end(Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), after]));
}
