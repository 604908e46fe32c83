import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import * as http2 from 'node:http2';
import * as net from 'node:net';
import * as path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { CarrierAcceptor } from '../../../src/agentProtocol/carrierAcceptor';
import { CarrierKeeper } from '../../../src/agentProtocol/carrierKeeper';
import { ResumableStream } from '../../../src/agentProtocol/resumableStream';
import { deriveSecret } from '../../../src/agentProtocol/secret';
import { TestSessions } from '../../helpers/agentSessions';
import { eventually } from '../../helpers/eventually';
import { useTempDir } from '../../helpers/tempDir';

const secret = deriveSecret('user key');
/** Node refuses further channels beyond it; what waits for a carrier counts. */
const MAX_SESSION_MEMORY_MB = 256;

/** What the server does with a request, by its path. */
const handlers: Record<string, (stream: http2.ServerHttp2Stream) => void> = {
  '/echo': (stream) => {
    stream.respond();
    stream.pipe(stream);
  },
  '/trailers': (stream) => {
    stream.respond({ ':status': 200 }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'exit-code': '3' }));
    stream.end('output');
  },
  '/ends-first': (stream) => {
    stream.respond();
    stream.end('no more from here');
    void buffer(stream).then((body) => ended.push(body.toString()));
  },
  '/reads-to-the-end': (stream) => {
    stream.respond();
    void buffer(stream).then((body) => stream.end(`got ${body.length}`));
  },
};
let ended: string[] = [];

describe('HTTP/2 over a session', () => {
  const dir = useTempDir();
  let sessions: TestSessions;
  let acceptor: CarrierAcceptor;
  let server: net.Server;
  let keeper: CarrierKeeper;
  let client: http2.ClientHttp2Session;
  let carrier: net.Socket;
  let carriers: number;

  beforeEach(async () => {
    ended = [];
    const http2Server = http2.createServer({
      maxSessionMemory: MAX_SESSION_MEMORY_MB,
      settings: { maxConcurrentStreams: 1024 },
    });
    http2Server.on('stream', (stream, headers) => {
      stream.on('error', () => undefined);
      handlers[headers[':path'] ?? '']?.(stream);
    });
    sessions = new TestSessions([secret], (stream) => http2Server.emit('connection', stream));
    acceptor = new CarrierAcceptor(sessions);
    server = net.createServer((socket) => void acceptor.accept(socket).catch(() => undefined));
    server.listen(path.join(dir.path, 'agent.sock'));
    await once(server, 'listening');

    carriers = 0;
    const stream = new ResumableStream();
    keeper = new CarrierKeeper({
      stream,
      secret,
      dial: () => {
        carriers++;
        carrier = net.connect(path.join(dir.path, 'agent.sock'));
        return Promise.resolve(carrier);
      },
    });
    client = http2.connect('http://agent', {
      createConnection: () => stream,
      maxSessionMemory: MAX_SESSION_MEMORY_MB,
      peerMaxConcurrentStreams: 1024,
    });
    client.on('error', () => undefined);
  });
  afterEach(async () => {
    client.destroy();
    keeper.dispose();
    sessions.forget();
    acceptor.dispose();
    server.close();
    await once(server, 'close');
  });

  const post = (name: string): http2.ClientHttp2Stream =>
    client.request({ ':method': 'POST', ':path': name }, { endStream: false });

  it('carries trailers', async () => {
    const request = post('/trailers');
    const trailers = once(request, 'trailers') as Promise<[http2.IncomingHttpHeaders]>;

    const body = await buffer(request);

    assert.equal(body.toString(), 'output');
    assert.equal((await trailers)[0]['exit-code'], '3');
  });

  it('lets the client end first', async () => {
    const request = post('/reads-to-the-end');

    request.end(Buffer.alloc(100_000));

    assert.equal((await buffer(request)).toString(), 'got 100000');
  });

  it('lets the server end first', async () => {
    const request = post('/ends-first');

    const body = await buffer(request);
    request.end('still from here');
    await once(request, 'close');

    assert.equal(body.toString(), 'no more from here');
    await eventually(() => assert.deepEqual(ended, ['still from here']));
  });

  it('carries 200 channels at once', async () => {
    const bodies = await Promise.all(
      Array.from({ length: 200 }, async (_, index) => {
        const request = post('/echo');
        request.end(`channel ${index}`);
        return (await buffer(request)).toString();
      }),
    );

    assert.deepEqual(
      bodies,
      Array.from({ length: 200 }, (_, index) => `channel ${index}`),
    );
  });

  it('goes on where it was when the carrier is lost, on every channel', async () => {
    const payloads = Array.from({ length: 8 }, () => randomBytes(4 * 1024 * 1024));
    const requests = payloads.map((payload) => post('/echo').end(payload));
    let seen = 0;
    for (const request of requests) {
      request.on('data', (chunk: Buffer) => {
        // Five cuts on the way.
        if (Math.floor(seen / 6_000_000) !== Math.floor((seen + chunk.length) / 6_000_000)) carrier.destroy();
        seen += chunk.length;
      });
    }

    const echoed = await Promise.all(requests.map((request) => buffer(request)));

    assert.deepEqual(echoed.map(digest), payloads.map(digest));
    assert.ok(carriers > 3, `${carriers} carriers`);
  });

  it('ends on both sides when the client ends it', async () => {
    await buffer(post('/trailers'));
    const [session] = sessions.held;

    client.close();
    await once(client, 'close');

    if (!session?.stream.closed) await once(session!.stream, 'close');
    assert.equal(session?.stream.errored, null);
  });
});

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
