import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mock } from 'node:test';
import type { AgentLinkError } from '../../../src/agentProtocol/errors';
import { ackFrame, EndReason, frame, frameHeader, FrameType } from '../../../src/agentProtocol/frames';
import { ResumableStream, type ResumableStreamOptions } from '../../../src/agentProtocol/resumableStream';
import {
  carrierPair,
  type CarrierPair,
  type CarrierPairOptions,
  type FaultyCarrier,
} from '../../helpers/carrierPair';
import { eventually } from '../../helpers/eventually';

/** One end of a session, and what was heard of it. */
class End {
  readonly stream: ResumableStream;
  readonly events: string[] = [];
  text = '';

  constructor(options: ResumableStreamOptions = {}) {
    this.stream = new ResumableStream(options);
    this.stream.on('data', (chunk: Buffer) => (this.text += chunk.toString('latin1')));
    this.stream.on('detached', (reason: AgentLinkError) => this.events.push(`detached: ${reason.code}`));
    this.stream.on('error', (error: AgentLinkError) => this.events.push(`error: ${error.code}`));
    for (const event of ['attached', 'end', 'close']) this.stream.on(event, () => this.events.push(event));
  }
}

/** What the handshake does, without one. */
function connect(near: End, far: End, options: CarrierPairOptions = {}): CarrierPair {
  const carriers = carrierPair(options);
  const lost = { peerReceived: far.stream.received };
  far.stream.attach(carriers.far, { peerReceived: near.stream.received });
  near.stream.attach(carriers.near, lost);
  return carriers;
}

/** A stream whose other side is played by the test, over the carrier that this gives. */
function playedPeer(end: End): FaultyCarrier {
  const { near, far } = carrierPair();
  end.stream.attach(near, { peerReceived: 0 });
  // As any side does whose other one has ended the carrier.
  far.resume().once('end', () => far.end());
  return far;
}

describe('ResumableStream', () => {
  let near: End;
  let far: End;
  beforeEach(() => {
    near = new End();
    far = new End();
  });
  afterEach(() => {
    near.stream.destroy();
    far.stream.destroy();
    mock.timers.reset();
  });

  it('carries bytes both ways', async () => {
    connect(near, far);

    near.stream.write('question');
    far.stream.write('answer');

    await eventually(() => assert.deepEqual([far.text, near.text], ['question', 'answer']));
  });

  it('keeps what is written while there is no carrier', async () => {
    near.stream.write('early');

    connect(near, far);

    await eventually(() => assert.equal(far.text, 'early'));
  });

  it('sends again what was lost with a carrier, and only that', async () => {
    const { near: carrier } = connect(near, far);
    await eventually(() =>
      assert.ok(near.stream.roundTripMs && far.stream.roundTripMs, 'pings are answered'),
    );
    carrier.cutAfter(12);
    near.stream.write('0123456789abcdef');
    await once(near.stream, 'detached');
    const arrived = far.text.length;

    connect(near, far);

    await eventually(() => assert.equal(far.text, '0123456789abcdef'));
    assert.ok(arrived > 0 && arrived < 16, `${arrived} bytes had arrived`);
  });

  it('sends all that waited by a carrier that takes much before it has anyone wait', async () => {
    const text = 'x'.repeat(4 * 1024 * 1024);
    near.stream.write(text);

    connect(near, far, { writableHighWaterMark: 64 * 1024 * 1024 });

    await eventually(() => assert.equal(far.text.length, text.length));
  });

  it('says why it lost its carrier', async () => {
    const { near: carrier } = connect(near, far);

    carrier.destroy(new Error('ECONNRESET'));

    await eventually(() => {
      assert.deepEqual(near.events, ['attached', 'detached: carrier-lost']);
      assert.deepEqual(far.events, ['attached', 'detached: carrier-lost']);
    });
  });

  it('notices a carrier that ended before it was attached', async () => {
    const { near: carrier } = carrierPair();
    carrier.destroy();
    await once(carrier, 'close');

    near.stream.attach(carrier, { peerReceived: 0 });

    await eventually(() => assert.deepEqual(near.events, ['attached', 'detached: carrier-lost']));
  });

  it('drops its carrier for another one', async () => {
    const { near: old } = connect(near, far);

    connect(near, far);
    near.stream.write('by the second');

    await eventually(() => assert.equal(far.text, 'by the second'));
    assert.ok(old.destroyed);
    assert.deepEqual(near.events, ['attached', 'detached: replaced', 'attached']);
  });

  it('measures the round trip', async () => {
    connect(near, far);

    const [ms] = (await once(near.stream, 'roundTrip')) as [number];

    assert.ok(ms > 0);
    assert.equal(near.stream.roundTripMs, ms);
  });

  describe('a writer', () => {
    const CHUNK = Buffer.alloc(64 * 1024);
    const LIMIT = 16 * CHUNK.length;

    let writer: End;
    let written: number;
    beforeEach(() => {
      writer = new End({ maxUnacknowledgedBytes: LIMIT });
      written = 0;
      const writeOn = (): void => {
        do written += CHUNK.length;
        while (writer.stream.write(CHUNK));
      };
      writer.stream.on('drain', writeOn);
      writeOn();
    });
    afterEach(() => writer.stream.destroy());

    const isHeld = async (limit: number): Promise<void> => {
      await eventually(() => assert.ok(written > limit));
      await turnsOfTheLoop();
      assert.ok(written <= limit + writer.stream.writableHighWaterMark + CHUNK.length, `${written} bytes`);
    };

    it('is held while there is no carrier', () => isHeld(LIMIT));

    it('is held until the other side acknowledges', async () => {
      const peer = playedPeer(writer);
      await isHeld(LIMIT);

      peer.write(ackFrame(LIMIT / 2));

      await isHeld(LIMIT + LIMIT / 2);
    });

    it('is held by a reader that does not read', async () => {
      const reader = new ResumableStream();
      const carriers = carrierPair();
      reader.attach(carriers.far, { peerReceived: 0 });
      writer.stream.attach(carriers.near, { peerReceived: 0 });

      await isHeld(LIMIT + reader.readableHighWaterMark);

      assert.ok(reader.readableLength <= reader.readableHighWaterMark + CHUNK.length);
      reader.destroy();
    });
  });

  describe('at its end', () => {
    it('is over on both sides once all has arrived', async () => {
      connect(near, far);

      near.stream.end('last words');

      await eventually(() => {
        assert.deepEqual(near.events, ['attached', 'end', 'close']);
        assert.deepEqual(far.events, ['attached', 'end', 'close']);
      });
      assert.equal(far.text, 'last words');
    });

    it('waits for a carrier to bring what is left', async () => {
      const { near: carrier } = connect(near, far);
      carrier.cutAfter(5);
      near.stream.end('last words');
      await once(near.stream, 'detached');

      connect(near, far);

      await eventually(() => assert.deepEqual([far.text, far.events.at(-1)], ['last words', 'close']));
    });

    it('has what was written last acknowledged at once, not when the other side does so by itself', async () => {
      mock.timers.enable({ apis: ['setTimeout'] });
      connect(near, far);

      near.stream.end('last words');
      await once(near.stream, 'finish');

      assert.equal(far.text, 'last words');
    });

    it('closes its carrier', async () => {
      const carriers = connect(near, far);

      near.stream.end();

      await eventually(() => assert.ok(carriers.near.destroyed && carriers.far.destroyed));
    });

    it('tells the other side when it is destroyed', async () => {
      connect(near, far);

      near.stream.destroy();

      await eventually(() => assert.deepEqual(far.events, ['attached', 'error: aborted', 'close']));
      assert.deepEqual(near.events, ['attached', 'close']);
    });

    it('drops what is written after the other side has ended', async () => {
      connect(near, far);
      far.stream.once('end', () => far.stream.write('too late'));

      near.stream.end();

      await eventually(() => assert.deepEqual(far.events, ['attached', 'end', 'close']));
    });

    it('fails a write that it holds', async () => {
      const held = new End({ maxUnacknowledgedBytes: 1 });
      const failed = new Promise((resolve) => held.stream.write('held', resolve));

      held.stream.destroy();

      assert.equal(((await failed) as AgentLinkError).code, 'aborted');
    });

    it('takes no further carrier', () => {
      near.stream.destroy();
      const { near: carrier } = carrierPair();

      near.stream.attach(carrier, { peerReceived: 0 });

      assert.ok(carrier.destroyed);
      assert.deepEqual(near.events, []);
    });
  });

  describe('with a hostile peer', () => {
    const hostile = [
      { name: 'acknowledges more than was sent', bytes: ackFrame(6) },
      { name: 'acknowledges more than any stream has', bytes: frame(FrameType.ACK, Buffer.alloc(8, 255)) },
      { name: 'takes an acknowledgement back', bytes: Buffer.concat([ackFrame(5), ackFrame(4)]) },
      { name: 'sends a frame of an unknown type', bytes: frame(9, Buffer.of(0)) },
      { name: 'sends a frame that is too long', bytes: frameHeader(FrameType.DATA, 2 ** 24 - 1) },
      { name: 'ends for an unknown reason', bytes: frame(FrameType.END, Buffer.of(7)), code: 'aborted' },
    ];
    for (const { name, bytes, code = 'protocol' } of hostile) {
      it(`is destroyed when that ${name}`, async () => {
        const peer = playedPeer(near);
        near.stream.write('bytes');
        await turnsOfTheLoop();

        peer.write(bytes);

        await eventually(() => assert.deepEqual(near.events, ['attached', `error: ${code}`, 'close']));
        await eventually(() => assert.ok(peer.destroyed));
      });
    }

    it('is destroyed when that resumes beyond what was sent', async () => {
      near.stream.attach(carrierPair().near, { peerReceived: 1 });

      await eventually(() => assert.deepEqual(near.events, ['error: protocol', 'close']));
    });

    it('hears nothing that comes after END', async () => {
      const peer = playedPeer(near);

      peer.write(
        Buffer.concat([
          frame(FrameType.END, Buffer.of(EndReason.FINISHED)),
          frame(FrameType.DATA, Buffer.from('more')),
        ]),
      );

      await eventually(() => assert.deepEqual(near.events, ['attached', 'end', 'close']));
      assert.equal(near.text, '');
    });

    it('does not pile up answers to pings for one that does not read', async () => {
      const carriers = carrierPair();
      near.stream.attach(carriers.near, { peerReceived: 0 });

      const pings = Buffer.concat(
        Array.from({ length: 1_000 }, () => frame(FrameType.PING, Buffer.alloc(8))),
      );
      for (let count = 0; count < 100; count++) carriers.far.write(pings);
      await eventually(() => assert.equal(carriers.far.writableLength, 0));

      assert.ok(carriers.near.writableLength < 600 * 1024, `${carriers.near.writableLength} bytes`);
    });
  });

  describe('on a carrier that says nothing', () => {
    beforeEach(() => {
      mock.timers.enable({ apis: ['Date', 'setInterval'], now: Date.UTC(2026, 0, 1) });
      near = new End({ pingMs: 5_000, silenceMs: 15_000 });
      far = new End({ pingMs: 5_000, silenceMs: 15_000 });
    });

    const passSeconds = async (seconds: number): Promise<void> => {
      for (let second = 0; second < seconds; second++) {
        mock.timers.tick(1_000);
        await turnsOfTheLoop();
      }
    };

    it('stays for as long as pings are answered', async () => {
      connect(near, far);

      await passSeconds(120);

      assert.deepEqual([near.events, far.events], [['attached'], ['attached']]);
    });

    it('gives it up after 15 seconds', async () => {
      const { far: carrier } = connect(near, far);
      await turnsOfTheLoop();

      carrier.goSilent();
      await passSeconds(14);
      assert.deepEqual(near.events, ['attached']);
      await passSeconds(6);

      assert.deepEqual(near.events, ['attached', 'detached: silent']);
    });

    it('does not take a reader that holds it for a dead one, nor the other way round', async () => {
      far.stream.pause();
      connect(near, far);
      near.stream.write(Buffer.alloc(4 * far.stream.readableHighWaterMark));

      await passSeconds(60);

      assert.deepEqual([near.events, far.events], [['attached'], ['attached']]);
    });

    it('asks before it gives up when this computer has slept', async () => {
      connect(near, far);
      await turnsOfTheLoop();

      mock.timers.setTime(Date.now() + 3_600_000);
      await passSeconds(60);

      assert.deepEqual(near.events, ['attached']);
    });

    it('gives up soon after a sleep in which the carrier died', async () => {
      const { far: carrier } = connect(near, far);
      await turnsOfTheLoop();
      carrier.goSilent();

      mock.timers.setTime(Date.now() + 3_600_000);
      await passSeconds(10);

      assert.deepEqual(near.events, ['attached', 'detached: silent']);
    });
  });
});

/** Time for what is under way between two ends of a pair to arrive. */
async function turnsOfTheLoop(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
}
