import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import * as net from 'node:net';
import * as path from 'node:path';
import { CarrierAcceptor } from '../../../src/agentProtocol/carrierAcceptor';
import { CarrierKeeper } from '../../../src/agentProtocol/carrierKeeper';
import type { Channel } from '../../../src/agentProtocol/channels/channel';
import { Multiplexer } from '../../../src/agentProtocol/channels/multiplexer';
import { ResumableStream } from '../../../src/agentProtocol/resumableStream';
import { deriveSecret } from '../../../src/agentProtocol/secret';
import { TestSessions } from '../../helpers/agentSessions';
import { eventually } from '../../helpers/eventually';
import { readOpen, sha256 } from '../../helpers/remoteProcess';
import { useTempDir } from '../../helpers/tempDir';

const secret = deriveSecret('user key');

/** What the agent does with a channel, by what is asked for. */
const handlers: Record<string, (channel: Channel) => void> = {
  echo: (channel) => void channel.pipe(channel),
  exits: (channel) => {
    channel.write('output');
    channel.endWith({ code: 3 });
  },
  endsFirst: (channel) => {
    channel.end('no more from here');
    void readOpen(channel).then((input) => ended.push(input.toString()));
  },
  readsToTheEnd: (channel) => {
    void readOpen(channel).then((input) => channel.end(`got ${input.length}`));
  },
};
let ended: string[] = [];

describe('Channels over a session', () => {
  const dir = useTempDir();
  let sessions: TestSessions;
  let acceptor: CarrierAcceptor;
  let server: net.Server;
  let keeper: CarrierKeeper;
  let stream: ResumableStream;
  let client: Multiplexer;
  let carrier: net.Socket;
  let carriers: number;

  beforeEach(async () => {
    ended = [];
    sessions = new TestSessions([secret], (served) => {
      new Multiplexer(served, (channel, question) =>
        handlers[(question as { handler: string }).handler]?.(channel),
      );
    });
    acceptor = new CarrierAcceptor(sessions);
    server = net.createServer((socket) => void acceptor.accept(socket).catch(() => undefined));
    server.listen(path.join(dir.path, 'agent.sock'));
    await once(server, 'listening');

    carriers = 0;
    stream = new ResumableStream();
    keeper = new CarrierKeeper({
      stream,
      secret,
      dial: () => {
        carriers++;
        carrier = net.connect(path.join(dir.path, 'agent.sock'));
        return Promise.resolve(carrier);
      },
    });
    client = new Multiplexer(stream);
  });
  afterEach(async () => {
    client.destroy();
    keeper.dispose();
    sessions.forget();
    acceptor.dispose();
    server.close();
    await once(server, 'close');
  });

  const open = (handler: string): Channel => client.open({ handler });

  it('tell how what was asked for ended', async () => {
    const channel = open('exits');

    const output = await readOpen(channel);

    assert.equal(output.toString(), 'output');
    assert.deepEqual(channel.ending, { code: 3 });
  });

  it('let the client end first', async () => {
    const channel = open('readsToTheEnd');

    channel.end(Buffer.alloc(100_000));

    assert.equal((await readOpen(channel)).toString(), 'got 100000');
  });

  it('let the agent end first', async () => {
    const channel = open('endsFirst');

    const output = await readOpen(channel);
    channel.end('still from here');
    await once(channel, 'close');

    assert.equal(output.toString(), 'no more from here');
    await eventually(() => assert.deepEqual(ended, ['still from here']));
  });

  it('can be 200 at once', async () => {
    const outputs = await Promise.all(
      Array.from({ length: 200 }, (_, index) => readOpen(open('echo').end(`channel ${index}`))),
    );

    assert.deepEqual(
      outputs.map(String),
      Array.from({ length: 200 }, (_, index) => `channel ${index}`),
    );
  });

  it('go on where they were when the carrier is lost', async () => {
    const payloads = Array.from({ length: 8 }, () => randomBytes(4 * 1024 * 1024));
    const channels = payloads.map((payload) => open('echo').end(payload));
    let seen = 0;
    for (const channel of channels) {
      channel.on('data', (chunk: Buffer) => {
        // Five cuts on the way.
        if (Math.floor(seen / 6_000_000) !== Math.floor((seen + chunk.length) / 6_000_000)) carrier.destroy();
        seen += chunk.length;
      });
    }

    const echoed = await Promise.all(channels.map(readOpen));

    assert.deepEqual(echoed.map(sha256), payloads.map(sha256));
    assert.ok(carriers > 3, `${carriers} carriers`);
  });

  it('end on both sides with a session that the client finishes', async () => {
    await readOpen(open('exits'));
    const unfinished = open('echo');
    const [session] = sessions.held;
    const served = once(session!.stream, 'close');

    stream.end();
    await Promise.all([once(stream, 'close'), once(unfinished, 'close'), served]);

    assert.equal(session!.stream.errored, null);
    assert.equal(client.size, 0);
  });
});
