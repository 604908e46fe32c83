import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { silentLogger } from '../../../src/base/logger';
import { Upkeep } from '../../../src/localCloud/upkeep';

describe('Upkeep', () => {
  let logged: string[];
  let upkeep: Upkeep;

  beforeEach(() => {
    mock.timers.enable({ apis: ['Date'] });
    logged = [];
    upkeep = new Upkeep({ ...silentLogger, error: (message) => void logged.push(message) });
  });
  afterEach(() => mock.timers.reset());

  /** Attempts once a second for so long; returns how often the work was done. */
  const everySecond = async (seconds: number, work: () => void): Promise<number> => {
    let done = 0;
    for (let second = 0; second < seconds; second++) {
      await upkeep.attempt('box', 'tidy up', () => {
        done++;
        return Promise.resolve().then(work);
      });
      mock.timers.tick(1_000);
    }
    return done;
  };
  const fail = (message: string) => (): void => {
    throw new Error(message);
  };

  it('does what succeeds every time', async () => {
    assert.equal(await everySecond(10, () => undefined), 10);
  });

  it('tries what fails ever more rarely, and says so once', async () => {
    const attempts = await everySecond(3_600, fail('disk full'));

    assert.ok(attempts < 25, `${attempts} attempts`);
    assert.deepEqual(logged, ['Cannot tidy up: disk full']);
  });

  it('tells of another cause', async () => {
    await everySecond(3, fail('disk full'));
    await everySecond(10, fail('no engine'));

    assert.deepEqual(logged, ['Cannot tidy up: disk full', 'Cannot tidy up: no engine']);
  });

  it('starts anew after a success', async () => {
    await everySecond(1, fail('disk full'));
    await everySecond(3, () => undefined);
    await everySecond(1, fail('disk full'));

    assert.equal(logged.length, 2);
  });

  it('lets no work hold up another', async () => {
    let done = false;
    await upkeep.attempt('one box', 'tidy up', () => Promise.reject(new Error('disk full')));
    await upkeep.attempt('another', 'tidy up', () => Promise.resolve().then(() => void (done = true)));

    assert.ok(done);
  });
});
