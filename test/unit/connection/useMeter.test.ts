import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { silentLogger } from '../../../src/base/logger';
import { UseMeter } from '../../../src/connection/useMeter';

const MINUTE_MS = 60_000;
const KIB = 1024;

describe('UseMeter', () => {
  let now: number;
  let bytes: number;
  let calls: number;
  let answer: () => Promise<void>;
  let meter: UseMeter;

  beforeEach(() => {
    mock.timers.enable({ apis: ['setInterval'] });
    now = 0;
    bytes = 0;
    calls = 0;
    answer = () => Promise.resolve();
    const keepAlive = (): Promise<void> => {
      calls++;
      return answer();
    };
    meter = new UseMeter({ bytes: () => bytes, keepAlive, log: silentLogger, now: () => now });
  });

  afterEach(() => {
    meter.dispose();
    mock.timers.reset();
  });

  /** Lets minutes pass, in each of which something happens. */
  function pass(minutes: number, happens: () => void = () => undefined): void {
    for (let minute = 0; minute < minutes; minute++) {
      happens();
      now += MINUTE_MS;
      mock.timers.tick(MINUTE_MS);
    }
  }

  it('lets the cloud pause a sandbox whose window is idle', () => {
    pass(60, () => (bytes += 10 * KIB));

    assert.equal(calls, 0);
  });

  it('keeps a sandbox awake in which somebody types, every five minutes', () => {
    pass(20, () => meter.note());

    assert.equal(calls, 4);
  });

  it('keeps a sandbox awake through whose connection much goes', () => {
    pass(10, () => (bytes += 25 * KIB));

    assert.equal(calls, 2);
  });

  it('takes what is just the limit for idleness', () => {
    pass(10, () => (bytes += 24 * KIB));

    assert.equal(calls, 0);
  });

  it('stops five minutes after the last use', () => {
    meter.note();
    pass(60);

    assert.equal(calls, 1);
  });

  it('starts again with the next use', () => {
    meter.note();
    pass(30);
    meter.note();
    pass(30);

    assert.equal(calls, 2);
  });

  it('tries again after a minute where the cloud could not be told', async () => {
    answer = () => Promise.reject(new Error('no'));
    pass(1, () => meter.note());
    await nextTurn();
    answer = () => Promise.resolve();

    pass(4);

    assert.equal(calls, 2);
  });

  it('does nothing once it is disposed of', () => {
    meter.note();
    meter.dispose();
    pass(10);

    assert.equal(calls, 0);
  });
});
