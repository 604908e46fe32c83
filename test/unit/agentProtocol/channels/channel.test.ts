import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ChannelAnswer } from '../../../../src/agentProtocol/channels/channel';
import { MAX_ANSWER_BYTES, MAX_OPEN_BYTES } from '../../../../src/agentProtocol/channels/messages';
import { seededRandom } from '../../../helpers/random';
import { readOpen } from '../../../helpers/remoteProcess';
import { closed, eventsOf, SessionPair } from './channelPairs';

/** An object of so many bytes of JSON. */
const jsonOf = (length: number): object => ({ a: 'x'.repeat(length - '{"a":""}'.length) });
const sides = ['near', 'far'] as const;

describe('A channel', () => {
  let session: SessionPair;
  beforeEach(() => (session = new SessionPair()));
  afterEach(() => session.destroy());

  describe('when it is opened', () => {
    it('tells the other side what is asked for', async () => {
      const { question } = await session.open({ operation: 'dial', port: 80 });

      assert.deepEqual(question, { operation: 'dial', port: 80 });
    });

    it('tells that it was confirmed, with details', async () => {
      const { near, far } = await session.open();
      const answered = once(near, 'answer') as Promise<[ChannelAnswer]>;

      far.confirm({ port: 4711 });

      assert.deepEqual(await answered, [{ isOpen: true, details: { port: 4711 } }]);
      assert.deepEqual([near.hasAnswered, far.hasAnswered], [true, true]);
    });

    it('tells that it was refused and why, and closes on both sides', async () => {
      const { near, far } = await session.open();
      const answered = once(near, 'answer') as Promise<[ChannelAnswer]>;
      const events = eventsOf(near);

      far.refuse({ code: 'busy' });
      await Promise.all([closed(near), closed(far)]);

      assert.deepEqual(await answered, [{ isOpen: false, failure: { code: 'busy' } }]);
      assert.deepEqual(events, ['answer', 'close']);
      assert.deepEqual([session.near.size, session.far.size], [0, 0]);
      await session.assertAlive();
    });

    it('can be written to at once, whatever the answer', async () => {
      const { near, far } = await session.open();

      near.end('early');

      assert.equal((await readOpen(far)).toString(), 'early');
    });

    it('closes without an answer where the other side closes it instead', async () => {
      const { near, far } = await session.open();
      const events = eventsOf(near);

      far.destroy();
      await closed(near);

      assert.deepEqual(events, ['close']);
    });

    it('ignores an answer that comes when it was closed here', async () => {
      const { near, far } = await session.open();
      const events = eventsOf(near);

      near.destroy();
      far.confirm();

      await session.assertAlive();
      assert.deepEqual(events, ['close']);
    });

    it('closes without an answer where the session is gone', async () => {
      session.near.destroy();
      await once(session.streams.near, 'close');

      const channel = session.near.open({});
      const events = eventsOf(channel);
      await closed(channel);

      assert.deepEqual(events, ['close']);
      assert.equal(session.near.size, 0);
    });
  });

  describe('for messages of JSON', () => {
    it('takes the longest', async () => {
      const question = jsonOf(MAX_OPEN_BYTES);
      const { near, far, question: asked } = await session.open(question);
      const answered = once(near, 'answer') as Promise<[ChannelAnswer]>;

      far.confirm(jsonOf(MAX_ANSWER_BYTES));
      far.endWith(jsonOf(MAX_ANSWER_BYTES));
      await readOpen(near);

      assert.deepEqual(asked, question);
      assert.deepEqual(await answered, [{ isOpen: true, details: jsonOf(MAX_ANSWER_BYTES) }]);
      assert.deepEqual(near.ending, jsonOf(MAX_ANSWER_BYTES));
    });

    it('throws for a question that is too long, and opens nothing', () => {
      assert.throws(() => session.near.open(jsonOf(MAX_OPEN_BYTES + 1)), { code: 'protocol' });
      assert.equal(session.near.size, 0);
    });

    for (const method of ['confirm', 'refuse', 'endWith'] as const) {
      it(`throws where ${method} is given what is too long, and goes on`, async () => {
        const { near, far } = await session.open();
        const answered = once(near, 'answer') as Promise<[ChannelAnswer]>;

        assert.throws(() => far[method](jsonOf(MAX_ANSWER_BYTES + 1)), { code: 'protocol' });
        far.refuse({ code: 'unavailable' });

        assert.deepEqual(await answered, [{ isOpen: false, failure: { code: 'unavailable' } }]);
      });
    }
  });

  describe('carries', () => {
    it('bytes both ways', async () => {
      const { near, far } = await session.open();

      near.end('question');
      far.end('answer');

      assert.deepEqual((await Promise.all([readOpen(far), readOpen(near)])).map(String), [
        'question',
        'answer',
      ]);
    });

    it('more than the windows and the session take at once', async () => {
      const { near, far } = await session.open();
      const sent = Buffer.alloc(5_000_000, 'more than a window. ');

      near.end(sent);

      assert.ok((await readOpen(far)).equals(sent));
    });

    it('many small writes as one sequence of bytes', async () => {
      const { near, far } = await session.open();
      const sent = Buffer.from(Array.from({ length: 30_000 }, (_, index) => index % 251));

      for (const byte of sent) near.write(Buffer.of(byte));
      near.end();

      assert.ok((await readOpen(far)).equals(sent));
    });

    it('nothing for writes of nothing', async () => {
      const { near, far } = await session.open();

      near.write('');
      near.write('a');
      near.write('');
      near.end('b');

      assert.equal((await readOpen(far)).toString(), 'ab');
    });

    for (const seed of [1, 2, 3]) {
      it(`what is written in pieces of any size, over a stream that cuts as it likes (seed ${seed})`, async () => {
        const random = seededRandom(seed);
        session.destroy();
        session = new SessionPair({ pieceBytes: () => 1 + Math.floor(random() ** 4 * 100_000) });
        const { near, far } = await session.open();
        const sent = Buffer.from(Array.from({ length: 1_500_000 }, () => Math.floor(random() * 256)));
        far.pipe(far);

        for (let at = 0; at < sent.length;) {
          const length = Math.ceil(random() ** 8 * 600_000);
          near.write(sent.subarray(at, at + length));
          at += length;
        }
        near.end();

        assert.ok((await readOpen(near)).equals(sent));
      });
    }
  });

  describe('ends', () => {
    for (const [first, second] of [sides, sides.toReversed()] as const) {
      it(`each direction for itself, ${first} before ${second}`, async () => {
        const pair = await session.open();

        pair[first].end('no more from here');
        assert.equal((await readOpen(pair[second])).toString(), 'no more from here');
        pair[second].end('still from here');

        assert.equal((await readOpen(pair[first])).toString(), 'still from here');
      });
    }

    it('on both sides once both directions have', async () => {
      const { near, far } = await session.open();
      const events = [eventsOf(near), eventsOf(far)];
      far.pipe(far);

      near.end('echo');
      await readOpen(near);
      await Promise.all([closed(near), closed(far)]);

      assert.deepEqual(events, [
        ['end', 'close'],
        ['end', 'close'],
      ]);
      assert.deepEqual([near.isComplete, far.isComplete], [true, true]);
      assert.deepEqual([session.near.size, session.far.size], [0, 0]);
    });

    it('with how what was asked for ended, behind all output', async () => {
      const { near, far } = await session.open();
      far.write('output');

      far.endWith({ code: 3 });

      assert.equal((await readOpen(near)).toString(), 'output');
      assert.deepEqual(near.ending, { code: 3 });
    });

    it('without, where the other side does not say', async () => {
      const { near, far } = await session.open();

      far.end();
      await readOpen(near);

      assert.equal(near.ending, undefined);
    });

    it('where what was written last waited for the window', async () => {
      const { near, far } = await session.open();
      near.end(Buffer.alloc(2_000_000));
      await session.assertAlive();
      assert.equal(near.writableFinished, false);

      assert.equal((await readOpen(far)).length, 2_000_000);
    });
  });

  describe('that is destroyed', () => {
    for (const side of sides) {
      const other = side === 'near' ? 'far' : 'near';
      it(`at its ${side} end closes at the other before its end, without an error`, async () => {
        const pair = await session.open();
        const events = eventsOf(pair[other]);

        pair[side].destroy();
        await closed(pair[other]);

        assert.deepEqual(events, ['close']);
        assert.equal(pair[other].isComplete, false);
        assert.deepEqual([session.near.size, session.far.size], [0, 0]);
      });

      it(`at its ${side} end when that has ended closes at the other too`, async () => {
        const pair = await session.open();
        pair[side].end();
        await readOpen(pair[other]);

        pair[side].destroy();
        await closed(pair[other]);

        assert.deepEqual([session.near.size, session.far.size], [0, 0]);
      });
    }

    it('with an error fails here alone, and crashes nobody who does not listen', async () => {
      const { near, far } = await session.open();

      near.destroy(new Error('of no more use'));
      await closed(far);

      assert.equal(far.errored, null);
      await session.assertAlive();
    });

    for (const side of sides) {
      it(`at its ${side} end fails a write that waited there for the window`, async () => {
        const { near, far } = await session.open();
        const written = new Promise<Error | null | undefined>((resolve) =>
          near.write(Buffer.alloc(4_000_000), resolve),
        );
        await session.assertAlive();

        (side === 'near' ? near : far).destroy();

        assert.equal(((await written) as { code?: string } | null)?.code, 'aborted');
      });
    }

    it('takes no more writes, and crashes nobody who writes nevertheless', async () => {
      const { near, far } = await session.open();
      far.destroy();
      await closed(near);

      const written = new Promise((resolve) => near.write('late', resolve));

      assert.ok((await written) instanceof Error);
      assert.equal(near.isOpen, false);
    });

    it('while it takes in data takes in no more', async () => {
      const { near, far } = await session.open();
      const seen: string[] = [];
      far.on('data', (chunk: Buffer) => {
        seen.push(chunk.toString());
        far.destroy();
      });

      near.write('first');
      near.write('second');
      await closed(far);
      await session.assertAlive();

      assert.deepEqual(seen, ['first']);
    });
  });
});
