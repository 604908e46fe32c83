import assert from 'node:assert/strict';
import type { Duplex } from 'node:stream';
import { CarrierAcceptor } from '../../../src/agentProtocol/carrierAcceptor';
import { CarrierKeeper, type CarrierKeeperOptions } from '../../../src/agentProtocol/carrierKeeper';
import { ResumableStream } from '../../../src/agentProtocol/resumableStream';
import { deriveSecret } from '../../../src/agentProtocol/secret';
import { echo, TestSessions } from '../../helpers/agentSessions';
import { carrierPair, type FaultyCarrier } from '../../helpers/carrierPair';
import { eventually } from '../../helpers/eventually';

const secret = deriveSecret('user key');

describe('CarrierKeeper', () => {
  let sessions: TestSessions;
  let acceptor: CarrierAcceptor;
  let stream: ResumableStream;
  let keeper: CarrierKeeper | undefined;
  let text: string;
  let states: string[];
  /** All that were dialled. */
  let carriers: FaultyCarrier[];
  beforeEach(() => {
    sessions = new TestSessions([secret], echo);
    acceptor = new CarrierAcceptor(sessions);
    stream = new ResumableStream();
    text = '';
    states = [];
    carriers = [];
    stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
    stream.on('error', () => undefined);
  });
  afterEach(() => {
    keeper?.dispose();
    acceptor.dispose();
    stream.destroy();
    sessions.forget();
  });

  const dial = (): Promise<Duplex> => {
    const { near, far } = carrierPair();
    acceptor.accept(far).catch(() => undefined);
    carriers.push(near);
    return Promise.resolve(near);
  };

  const keep = (options: Partial<CarrierKeeperOptions> = {}): CarrierKeeper => {
    keeper = new CarrierKeeper({
      stream,
      secret,
      dial,
      waitsMs: [1],
      onState: (state) =>
        states.push(
          state.phase === 'reconnecting'
            ? `attempt ${state.attempt}: ${codeOf(state.reason)}`
            : `${state.phase}${state.phase === 'ended' && state.error ? `: ${codeOf(state.error)}` : ''}`,
        ),
      ...options,
    });
    return keeper;
  };

  const echoes = async (word: string): Promise<void> => {
    stream.write(word);
    await eventually(() => assert.ok(text.endsWith(word)));
  };

  it('connects', async () => {
    await keep().connected;

    await echoes('hello');
    assert.deepEqual(states, ['connected']);
  });

  it('dials again when the carrier is lost, and the session goes on', async () => {
    await keep().connected;
    await echoes('one');

    carriers[0]?.destroy();
    await echoes('two');

    assert.equal(text, 'onetwo');
    assert.equal(sessions.held.length, 1);
    assert.deepEqual(states, ['connected', 'attempt 1: carrier-lost', 'connected']);
  });

  it('tries on while it fails to dial', async () => {
    let failures = 3;
    await keep({ dial: () => (failures-- > 0 ? Promise.reject(new Error('no route')) : dial()) }).connected;

    assert.deepEqual(states, [
      'attempt 2: no route',
      'attempt 3: no route',
      'attempt 4: no route',
      'connected',
    ]);
  });

  it('leaves alone for as long as a failure asks for it', async () => {
    const busy = new Error('busy');
    const dialledAt: number[] = [];
    const dialOnceBusy = (): Promise<Duplex> =>
      dialledAt.push(performance.now()) === 1 ? Promise.reject(busy) : dial();

    await keep({ dial: dialOnceBusy, retryAfterMs: (error) => (error === busy ? 200 : 0) }).connected;

    const [first = 0, second = 0] = dialledAt;
    // Timers are rounded to milliseconds.
    assert.ok(second - first >= 199, `${second - first} ms`);
  });

  it('tries on when a handshake breaks off', async () => {
    const { connected } = keep();
    carriers[0]?.cutAfter(20);

    await connected;

    assert.deepEqual([states[0], states.at(-1)], ['attempt 2: refused', 'connected']);
    assert.equal(sessions.held.length, 1);
  });

  it('bounds each attempt', async () => {
    const signals: AbortSignal[] = [];
    const hang = (signal: AbortSignal): Promise<Duplex> => {
      signals.push(signal);
      return signals.length > 1 ? dial() : new Promise(() => undefined);
    };

    await keep({ dial: hang, attemptMs: 20 }).connected;

    assert.ok(signals[0]?.aborted);
    // A busy computer may take more than 20 ms for the next one, too.
    assert.deepEqual([states[0], states.at(-1)], ['attempt 2: timeout', 'connected']);
  });

  it('destroys a carrier that comes too late', async () => {
    let deliver: (carrier: Duplex) => void = () => undefined;
    const late = (): Promise<Duplex> => new Promise((resolve) => (deliver = resolve));
    keep({ dial: late, attemptMs: 1, giveUpMs: 0 }).connected.catch(() => undefined);
    await eventually(() => assert.equal(states.at(-1), 'ended: gave-up'));
    const { near } = carrierPair();

    deliver(near);

    await eventually(() => assert.ok(near.destroyed));
  });

  describe('ends the stream', () => {
    const endsWith = async (code: string): Promise<void> => {
      await eventually(() => assert.equal(states.at(-1), `ended: ${code}`));
      assert.ok(stream.destroyed);
      assert.equal(codeOf(stream.errored), code);
    };

    it('when its caller calls a failure fatal', async () => {
      const stopped = new Error('stopped');

      const { connected } = keep({
        dial: () => Promise.reject(stopped),
        isFatal: (error) => error === stopped,
      });

      await assert.rejects(connected, stopped);
      await endsWith('stopped');
    });

    it('when it took too long', async () => {
      keep({ dial: () => Promise.reject(new Error('no route')), waitsMs: [20], giveUpMs: 100 });

      await endsWith('gave-up');
    });

    it('when the agent has lost the session', async () => {
      await keep().connected;

      const lost = sessions.held.splice(0);
      carriers[0]?.destroy();

      await endsWith('session-lost');
      for (const session of lost) session.stream.destroy();
    });

    it('when what answers is no agent', async () => {
      const other = (): Promise<Duplex> => {
        const { near, far } = carrierPair();
        far.write('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n');
        return Promise.resolve(near);
      };

      keep({ dial: other });

      await endsWith('untrusted');
    });
  });

  it('ends with the session that the agent has ended', async () => {
    await keep().connected;

    sessions.held[0]?.stream.end();

    await eventually(() => assert.deepEqual(states, ['connected', 'ended']));
  });

  it('ends with the session that its owner has ended, also on the other side', async () => {
    await keep().connected;
    await echoes('hello');

    stream.end();

    await eventually(() => assert.deepEqual(states, ['connected', 'ended']));
    await eventually(() => assert.ok(sessions.held[0]?.stream.closed));
  });

  it('leaves nothing behind when it is disposed while it dials', async () => {
    let signal: AbortSignal | undefined;
    const { connected } = keep({
      dial: (given) => {
        signal = given;
        return new Promise(() => undefined);
      },
    });

    keeper?.dispose();

    await assert.rejects(connected, { code: 'carrier-lost' });
    assert.ok(signal?.aborted);
    assert.deepEqual(states, ['ended']);
  });
});

/** The code of one of our errors; the message of any other. */
function codeOf(error: unknown): string {
  const { code, message } = error as { code?: string; message: string };
  return code ?? message;
}
