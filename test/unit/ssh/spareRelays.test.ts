import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { silentLogger } from '../../../src/base/logger';
import type { RemoteProcess } from '../../../src/cloud/provider';
import { SpareRelays } from '../../../src/ssh/backends/spareRelays';
import { eventually } from '../../helpers/eventually';
import { createTestProcess, type TestProcess } from '../../helpers/remoteProcess';

describe('SpareRelays', () => {
  const all: TestProcess[] = [];
  let fails = false;
  let spares: SpareRelays;
  beforeEach(() => {
    all.length = 0;
    fails = false;
    const start = (): Promise<RemoteProcess> => {
      if (fails) return Promise.reject(new Error('no more'));
      const started = createTestProcess();
      all.push(started);
      return Promise.resolve(started.process);
    };
    spares = new SpareRelays(start, silentLogger);
  });
  afterEach(() => spares.dispose());

  /** A forward that opens, and what is started after it. */
  const forward = async (): Promise<RemoteProcess | undefined> => {
    const spare = spares.take();
    spares.refill();
    await setImmediate();
    return spare;
  };

  it('starts none before the first forward', () => assert.equal(all.length, 0));

  it('has none for the first forward, and two for the next ones', async () => {
    assert.equal(await forward(), undefined);

    assert.deepEqual(
      [spares.take(), spares.take()],
      all.slice(0, 2).map(({ process }) => process),
    );
  });

  it('starts another for one that was taken, but not before that has had its first bytes', async () => {
    await forward();
    spares.take();

    spares.refill();

    assert.equal(all.length, 2);
    await eventually(() => assert.equal(all.length, 3));
  });

  it('starts others as soon as a forward is open when none is left', async () => {
    await forward();
    spares.take();
    spares.take();

    spares.refill();

    assert.equal(all.length, 4);
  });

  it('keeps more when they run out, up to eight', async () => {
    for (let burst = 0; burst < 20; burst++) while (spares.take());
    spares.refill();
    await setImmediate();

    assert.equal(all.length, 8);
  });

  it('passes over one that has ended', async () => {
    await forward();
    all[0]!.exited.resolve({ code: 1 });
    await setImmediate();

    assert.equal(spares.take(), all[1]!.process);
  });

  it('goes on without, when none can be started', async () => {
    fails = true;
    await forward();

    assert.equal(spares.take(), undefined);
  });

  it('ends what nobody took', async () => {
    await forward();

    spares.dispose();

    assert.ok(all.every(({ process }) => process.stdin.writableEnded));
    assert.equal(spares.take(), undefined);
  });
});
