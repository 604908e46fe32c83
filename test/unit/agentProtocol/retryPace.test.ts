import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { RetryPace } from '../../../src/agentProtocol/retryPace';

describe('RetryPace', () => {
  let abort: AbortController;
  let pace: RetryPace;
  beforeEach(() => {
    mock.timers.enable({ apis: ['Date', 'setTimeout', 'setInterval'], now: Date.UTC(2026, 0, 1) });
    abort = new AbortController();
    pace = new RetryPace({ waitsMs: [1_000, 4_000], giveUpMs: 20_000 }, abort.signal);
  });
  afterEach(() => {
    pace.dispose();
    mock.timers.reset();
  });

  /** How long the next wait takes, to 100 ms; undefined if there is none. */
  const nextWaitMs = async (askedMs?: number): Promise<number | undefined> => {
    const start = Date.now();
    let outcome: boolean | undefined;
    void pace.next(askedMs).then((goOn) => (outcome = goOn));
    await new Promise(setImmediate);
    for (let steps = 0; outcome === undefined; steps++) {
      assert.ok(steps < 1_000, 'it waits for more than 100 s');
      mock.timers.tick(100);
      await new Promise(setImmediate);
    }
    return outcome ? Date.now() - start : undefined;
  };

  it('waits longer each time, up to a limit, and never as long as others', async () => {
    const waits = [await nextWaitMs(), await nextWaitMs(), await nextWaitMs()] as [number, number, number];

    assert.ok(waits[0] >= 500 && waits[0] <= 1_000, String(waits));
    for (const wait of waits.slice(1)) assert.ok(wait >= 2_000 && wait <= 4_000, String(waits));
  });

  it('leaves alone who asks for it, for as long as that', async () => {
    const wait = (await nextWaitMs(9_000))!;

    assert.ok(wait >= 9_500 && wait <= 10_000, String(wait));
  });

  it('asks once in a minute who wants to be left alone for longer', async () => {
    pace.dispose();
    pace = new RetryPace({ waitsMs: [1_000], giveUpMs: 900_000 }, abort.signal);
    const wait = (await nextWaitMs(3_600_000))!;

    assert.ok(wait >= 60_000 && wait <= 61_000, String(wait));
  });

  it('counts attempts', async () => {
    const first = pace.attempt;
    await nextWaitMs();

    assert.deepEqual([first, pace.attempt], [1, 2]);
  });

  it('gives up in the end', async () => {
    let waits = 0;
    while (waits < 100 && (await nextWaitMs()) !== undefined) waits++;

    assert.ok(waits >= 5 && waits <= 10, `${waits} waits`);
  });

  it('stops at once when its owner does', async () => {
    const waiting = pace.next();
    const { signal } = pace;

    abort.abort(new Error('enough'));

    await assert.rejects(waiting, /enough/);
    assert.ok(signal.aborted);
  });

  describe('when the computer has slept', () => {
    const sleep = (): void => {
      mock.timers.setTime(Date.now() + 3_600_000);
      mock.timers.tick(1_000);
    };

    it('cuts short what is under way', () => {
      const { signal } = pace;

      sleep();

      assert.ok(signal.aborted);
    });

    it('ends the wait, and counts from the beginning', async () => {
      await nextWaitMs();
      await nextWaitMs();
      const waiting = pace.next();

      sleep();

      assert.equal(await waiting, true);
      assert.equal(pace.attempt, 1);
      assert.equal(pace.signal.aborted, false);
    });

    it('does not wait after an attempt that it cut short', async () => {
      sleep();

      assert.equal(await nextWaitMs(), 0);
    });
  });
});
