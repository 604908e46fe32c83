import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Channel } from '../../../../src/agentProtocol/channels/channel';
import { MessageType } from '../../../../src/agentProtocol/channels/messages';
import { Multiplexer } from '../../../../src/agentProtocol/channels/multiplexer';
import type { AgentLinkError } from '../../../../src/agentProtocol/errors';
import { carrierPair } from '../../../helpers/carrierPair';
import { readOpen } from '../../../helpers/remoteProcess';
import { closed, eventsOf, message, SessionPair } from './channelPairs';

const MIB = 1024 * 1024;

describe('Multiplexer', () => {
  let session: SessionPair;
  beforeEach(() => (session = new SessionPair()));
  afterEach(() => session.destroy());

  it('carries 1000 channels at once, and keeps nothing of them', async () => {
    const pairs = [];
    for (let index = 0; index < 1000; index++) pairs.push(await session.open());
    for (const { far } of pairs) far.pipe(far);
    assert.deepEqual([session.near.size, session.far.size], [1000, 1000]);

    const echoed = pairs.map(({ near }, index) => {
      near.end(`channel ${index}`);
      return readOpen(near);
    });

    assert.deepEqual(
      (await Promise.all(echoed)).map(String),
      pairs.map((_, index) => `channel ${index}`),
    );
    await Promise.all(pairs.flatMap(({ near, far }) => [closed(near), closed(far)]));
    assert.deepEqual([session.near.size, session.far.size], [0, 0]);
  });

  describe('where the session takes no more for now', () => {
    it('lets a small message through between those of a channel that sends much', async () => {
      const bulk = await session.open();
      const small = await session.open();
      const sent = meter(bulk.far);
      bulk.near.write(Buffer.alloc(16 * MIB));
      await once(bulk.far, 'data');
      const before = sent.bytes;

      small.near.write('key');
      await once(small.far, 'data');

      assert.ok(sent.bytes - before <= MIB, `${sent.bytes - before} bytes came first`);
    });

    it('lets all that send much come on alike', async () => {
      const pairs = [];
      for (let index = 0; index < 4; index++) pairs.push(await session.open());
      const meters = pairs.map(({ far }) => meter(far));

      for (const { near } of pairs) near.end(Buffer.alloc(8 * MIB));
      await Promise.race(pairs.map(({ far }) => once(far, 'end')));

      const counts = meters.map(({ bytes }) => bytes);
      assert.ok(Math.min(...counts) >= 6 * MIB, `${counts.join(', ')} bytes`);
    });

    it('leaves out those that were destroyed meanwhile', async () => {
      const bulk = await session.open();
      const gone = await session.open();
      bulk.near.write(Buffer.alloc(4 * MIB));
      gone.near.write(Buffer.alloc(4 * MIB));

      bulk.near.destroy();
      gone.near.destroy();

      await session.assertAlive();
      await Promise.all([closed(bulk.far), closed(gone.far)]);
    });

    it('ends the session rather than keep more and more for a side that takes nothing', async () => {
      const { near: stream } = carrierPair();
      const lost = once(stream, 'error') as Promise<[AgentLinkError]>;
      const client = new Multiplexer(stream);
      const question = { padding: 'x'.repeat(MIB / 2) };

      for (let opened = 0; opened < 100 && !client.isDestroyed; opened++) client.open(question);

      assert.ok(stream.writableLength < 20 * MIB);
      const [{ code }] = await lost;
      assert.equal(code, 'protocol');
      assert.equal(client.size, 0);
    });
  });

  describe('whose session is lost', () => {
    const losses: { name: string; lose: (session: SessionPair) => void }[] = [
      { name: 'is destroyed here', lose: ({ near }) => near.destroy() },
      { name: 'is destroyed there', lose: ({ far }) => far.destroy() },
      { name: 'loses its stream', lose: ({ streams }) => streams.near.destroy() },
      { name: 'ends', lose: ({ streams }) => streams.far.end() },
    ];
    for (const { name, lose } of losses) {
      it(`since it ${name}: closes all channels on both sides before their end, without an error`, async () => {
        const pairs = [await session.open(), await session.open()];
        const channels = pairs.flatMap(({ near, far }) => [near, far]);
        const events = channels.map(eventsOf);
        pairs[1]?.near.write(Buffer.alloc(MIB));

        lose(session);
        await Promise.all(channels.map(closed));

        for (const seen of events) assert.deepEqual(seen, ['close']);
        assert.deepEqual([session.near.size, session.far.size], [0, 0]);
        assert.deepEqual([session.near.isDestroyed, session.far.isDestroyed], [true, true]);
      });
    }

    it('asks for nothing any more once it is destroyed, not even what has come', async () => {
      const { near: stream, far: peer } = carrierPair();
      const opened: Channel[] = [];
      const agent = new Multiplexer(stream, (channel) => {
        opened.push(channel);
        agent.destroy();
      });

      peer.write(Buffer.concat([message(MessageType.OPEN, 1, '{}'), message(MessageType.OPEN, 2, '{}')]));
      await once(stream, 'close');

      assert.equal(opened.length, 1);
      assert.equal(agent.size, 0);
    });
  });

  describe('where the other side does not know yet that a channel has ended', () => {
    const late = [
      { name: 'data', messages: [message(MessageType.DATA, 1, 'late')] },
      { name: 'an end', messages: [message(MessageType.EOF, 1, '{"code":0}')] },
      { name: 'an answer', messages: [message(MessageType.OPEN_CONFIRMATION, 1, '{}')] },
      { name: 'a refusal', messages: [message(MessageType.OPEN_FAILURE, 1, '{}')] },
      { name: 'room for more', messages: [message(MessageType.WINDOW_ADJUST, 1, Buffer.alloc(4, 1))] },
      { name: 'that it is over', messages: [message(MessageType.CLOSE, 1)] },
      {
        name: 'more data than it may send',
        messages: Array.from({ length: 5 }, () => message(MessageType.DATA, 1, Buffer.alloc(MIB / 4))),
      },
    ];
    for (const { name, messages } of late) {
      it(`ignores ${name}`, async () => {
        const { near: stream, far: peer } = carrierPair();
        const client = new Multiplexer(stream);
        client.open({}).destroy();
        const next = client.open({});

        for (const bytes of messages) peer.write(bytes);
        peer.write(message(MessageType.OPEN_CONFIRMATION, next.id, '{}'));

        await once(next, 'answer');
        assert.equal(stream.destroyed, false);
        client.destroy();
      });
    }
  });
});

function meter(channel: Channel): { bytes: number } {
  const seen = { bytes: 0 };
  channel.on('data', (chunk: Buffer) => (seen.bytes += chunk.length));
  return seen;
}
