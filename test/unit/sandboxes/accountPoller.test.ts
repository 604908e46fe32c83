import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { CloudError, cloudErrorCode } from '../../../src/cloud/errors';
import type { Sandbox, SandboxStatus } from '../../../src/cloud/provider';
import { AccountPoller } from '../../../src/sandboxes/accountPoller';
import { LocalCloudError } from '../../../src/sandboxes/localCloud';
import { listAll } from '../../../src/cloud/listAll';
import { FakeCloud } from '../../helpers/fakeCloud';

function box(id: string, status: SandboxStatus = 'running'): Sandbox {
  return { id, name: id, status };
}

/** Lets promise callbacks run; timers stay frozen. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

describe('AccountPoller', () => {
  let cloud: FakeCloud;
  let poller: AccountPoller;
  let changes: number;
  let now: number;

  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout'] });
    mock.method(Math, 'random', () => 0.5);
    changes = 0;
    now = 0;
    cloud = new FakeCloud(box('a'));
    poller = new AccountPoller(
      (signal) => listAll(cloud, signal),
      () => changes++,
      () => now,
    );
  });

  afterEach(() => {
    poller.dispose();
    mock.timers.reset();
    mock.restoreAll();
  });

  async function advance(ms: number): Promise<void> {
    now += ms;
    mock.timers.tick(ms);
    await settle();
  }

  it('asks at once when it becomes active, then every 5 s', async () => {
    poller.setPace('full');
    await settle();
    assert.deepEqual(poller.sandboxes, [box('a')]);

    await advance(4_999);
    assert.equal(cloud.calls.length, 1);
    await advance(1);
    assert.equal(cloud.calls.length, 2);
  });

  it('asks nothing while paused', async () => {
    poller.setPace('full');
    await settle();
    poller.setPace('paused');
    await advance(600_000);

    assert.equal(cloud.calls.length, 1);
  });

  it('follows a sandbox that is stopping to its end, though paused, once somebody asked', async () => {
    cloud.sandboxes.set('a', box('a', 'stopping'));
    await poller.refresh();
    await advance(1_000);
    assert.equal(cloud.calls.length, 2);

    cloud.sandboxes.set('a', box('a', 'stopped'));
    await advance(1_000);
    await advance(600_000);
    assert.deepEqual(poller.sandboxes, [box('a', 'stopped')]);
    assert.equal(cloud.calls.length, 3);
  });

  it('follows it for a minute at most', async () => {
    cloud.sandboxes.set('a', box('a', 'stopping'));
    await poller.refresh();
    for (let second = 0; second < 600; second++) await advance(1_000);

    assert.equal(cloud.calls.length, 1 + 60);
  });

  it('asks less often while the person works elsewhere', async () => {
    poller.setPace('full');
    await settle();
    poller.setPace('slow');
    await advance(29_999);
    assert.equal(cloud.calls.length, 1);

    await advance(1);
    assert.equal(cloud.calls.length, 2);
  });

  it('asks at once when the person is back', async () => {
    poller.setPace('slow');
    await settle();
    await advance(10_000);
    poller.setPace('full');
    await settle();

    assert.equal(cloud.calls.length, 2);
  });

  it('asks at once, whatever it has failed, when the person is back', async () => {
    cloud.fail = new CloudError('unreachable', 'no route');
    poller.setPace('slow');
    for (let poll = 0; poll < 5; poll++) await advance(60_000);
    const before = cloud.calls.length;
    await advance(1_000);
    poller.setPace('full');
    await settle();

    assert.equal(cloud.calls.length, before + 1);
  });

  it('takes an answer that is a moment old for a fresh one', async () => {
    poller.setPace('full');
    await settle();
    poller.setPace('paused');
    await advance(500);
    poller.setPace('full');
    await settle();
    assert.equal(cloud.calls.length, 1);

    await advance(500);
    assert.equal(cloud.calls.length, 2);
  });

  it('looks once when it is woken, and stays paused', async () => {
    poller.wake();
    await settle();
    await advance(600_000);

    assert.equal(cloud.calls.length, 1);
  });

  it('keeps the objects of sandboxes that did not change', async () => {
    cloud.sandboxes.set('b', box('b'));
    await poller.refresh();
    const before = poller.sandboxes;
    cloud.sandboxes.set('a', box('a'));
    await poller.refresh();
    assert.equal(poller.sandboxes, before);

    cloud.sandboxes.set('a', box('a', 'stopped'));
    await poller.refresh();
    assert.notEqual(poller.sandboxes[0], before[0]);
    assert.equal(poller.sandboxes[1], before[1]);
  });

  it('asks every second while a sandbox changes', async () => {
    cloud.sandboxes.set('a', box('a', 'starting'));
    poller.setPace('full');
    await settle();
    await advance(1_000);

    assert.equal(cloud.calls.length, 2);
  });

  it('keeps the last good list when the cloud fails, and says why', async () => {
    poller.setPace('full');
    await settle();
    cloud.fail = new CloudError('unreachable', 'no route');
    await advance(5_000);

    assert.equal(poller.phase, 'failed');
    assert.equal(poller.error?.message, 'no route');
    assert.deepEqual(poller.sandboxes, [box('a')]);
  });

  it('asks less often the longer the cloud fails, and goes on', async () => {
    cloud.fail = new CloudError('unreachable', 'no route');
    poller.setPace('full');
    await settle();
    const waits: number[] = [];
    for (let poll = 0; poll < 6; poll++) {
      const before = cloud.calls.length;
      let waited = 0;
      while (cloud.calls.length === before && waited < 600_000) {
        await advance(500);
        waited += 500;
      }
      waits.push(waited);
    }

    assert.deepEqual(
      waits,
      [...waits].sort((a, b) => a - b),
      'waits grow',
    );
    assert.ok(waits.every((wait) => wait <= 60_000));
    assert.ok((waits.at(-1) ?? 0) > 20_000);
  });

  it('recovers by itself', async () => {
    cloud.fail = new CloudError('unreachable', 'no route');
    poller.setPace('full');
    await settle();
    cloud.fail = undefined;
    await advance(60_000);

    assert.equal(poller.phase, 'ready');
    assert.equal(poller.error, undefined);
  });

  it('waits as long as a rate-limited cloud asks', async () => {
    cloud.fail = new CloudError('rate-limited', 'slow down', { retryAfterMs: 90_000 });
    poller.setPace('full');
    await settle();
    await advance(89_999);
    assert.equal(cloud.calls.length, 1);
    await advance(1);
    assert.equal(cloud.calls.length, 2);
  });

  it('leaves a rate-limited cloud alone even when the person is back', async () => {
    cloud.fail = new CloudError('rate-limited', 'slow down', { retryAfterMs: 90_000 });
    poller.setPace('full');
    await settle();
    poller.setPace('paused');
    await advance(60_000);
    poller.setPace('full');
    await advance(29_999);
    assert.equal(cloud.calls.length, 1);

    await advance(1);
    assert.equal(cloud.calls.length, 2);
  });

  it('does not hammer a cloud with wrong credentials', async () => {
    cloud.fail = new CloudError('unauthenticated', 'wrong token');
    poller.setPace('full');
    await settle();
    await advance(3_600_000);

    assert.equal(cloud.calls.length, 1);
  });

  it('goes on looking for a local cloud that does not run: that is cheap', async () => {
    cloud.fail = new LocalCloudError('not-running', 'not running');
    poller.setPace('full');
    await settle();
    for (let poll = 0; poll < 10; poll++) await advance(5_000);

    assert.equal(cloud.calls.length, 11);
    assert.equal(poller.phase, 'failed');
  });

  it('leaves a cloud that counts requests the time that it needs', async () => {
    cloud.sandboxes.set('a', { ...box('a'), status: 'starting' });
    const gentle = new AccountPoller(
      (signal) => listAll(cloud, signal),
      () => changes++,
      () => now,
      3_000,
    );
    gentle.setPace('full');
    await advance(0);
    const before = cloud.calls.length;
    await advance(2_999);
    assert.equal(cloud.calls.length, before);
    await advance(1);

    assert.equal(cloud.calls.length, before + 1);
    gentle.dispose();
  });

  it('leaves it that time for each page of a long list', async () => {
    let looks = 0;
    const gentle = new AccountPoller(
      (_signal, onPage) => {
        looks++;
        for (let page = 0; page < 10; page++) onPage();
        return Promise.resolve([box('a', 'starting')]);
      },
      () => changes++,
      () => now,
      3_000,
    );
    gentle.setPace('full');
    await advance(0);
    await advance(29_999);
    assert.equal(looks, 1);
    await advance(1);

    assert.equal(looks, 2);
    gentle.dispose();
  });

  it('gives up on a cloud, or a secret storage, that does not answer, and asks again', async () => {
    const release = cloud.hold();
    const silent = new AccountPoller(
      () => listAll(cloud),
      () => changes++,
    );
    silent.setPace('full');
    await advance(30_000);
    assert.equal(cloudErrorCode(silent.error), 'unreachable');

    release();
    await silent.refresh();

    assert.deepEqual(silent.sandboxes, [box('a')]);
    silent.dispose();
  });

  it('asks again when a refresh comes during a poll, since that poll may be too old', async () => {
    const release = cloud.hold();
    poller.setPace('full');
    const refreshed = poller.refresh();
    cloud.sandboxes.set('b', box('b'));
    release();
    await refreshed;

    assert.deepEqual(
      poller.sandboxes.map(({ id }) => id),
      ['a', 'b'],
    );
    assert.equal(cloud.calls.length, 2);
  });

  it('does not let an answer that is on its way undo an action', async () => {
    poller.setPace('full');
    await settle();
    const release = cloud.hold();
    const refreshed = poller.refresh();
    poller.put(box('a', 'stopped'));
    release();
    await refreshed;

    assert.deepEqual(poller.sandboxes, [box('a', 'stopped')]);
  });

  it('reports nothing after its end', async () => {
    const release = cloud.hold();
    poller.setPace('full');
    poller.dispose();
    release();
    await settle();

    assert.equal(changes, 0);
  });
});
