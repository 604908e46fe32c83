import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { abortable } from '../../../src/base/async';
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

  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout'] });
    mock.method(Math, 'random', () => 0.5);
    changes = 0;
    cloud = new FakeCloud(box('a'));
    poller = new AccountPoller(
      (signal) => listAll(cloud, signal),
      () => changes++,
    );
  });

  afterEach(() => {
    poller.dispose();
    mock.timers.reset();
    mock.restoreAll();
  });

  async function advance(ms: number): Promise<void> {
    mock.timers.tick(ms);
    await settle();
  }

  it('asks at once when it becomes active, then every 5 s', async () => {
    poller.setActive(true);
    await settle();
    assert.deepEqual(poller.sandboxes, [box('a')]);

    await advance(4_999);
    assert.equal(cloud.calls.length, 1);
    await advance(1);
    assert.equal(cloud.calls.length, 2);
  });

  it('asks nothing while paused', async () => {
    poller.setActive(true);
    await settle();
    poller.setActive(false);
    await advance(600_000);

    assert.equal(cloud.calls.length, 1);
  });

  it('asks every second while a sandbox changes', async () => {
    cloud.sandboxes.set('a', box('a', 'starting'));
    poller.setActive(true);
    await settle();
    await advance(1_000);

    assert.equal(cloud.calls.length, 2);
  });

  it('keeps the last good list when the cloud fails, and says why', async () => {
    poller.setActive(true);
    await settle();
    cloud.fail = new CloudError('unreachable', 'no route');
    await advance(5_000);

    assert.equal(poller.phase, 'failed');
    assert.equal(poller.error?.message, 'no route');
    assert.deepEqual(poller.sandboxes, [box('a')]);
  });

  it('asks less often the longer the cloud fails, and goes on', async () => {
    cloud.fail = new CloudError('unreachable', 'no route');
    poller.setActive(true);
    await settle();
    const waits: number[] = [];
    for (let poll = 0; poll < 6; poll++) {
      const before = cloud.calls.length;
      let waited = 0;
      while (cloud.calls.length === before) {
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
    poller.setActive(true);
    await settle();
    cloud.fail = undefined;
    await advance(60_000);

    assert.equal(poller.phase, 'ready');
    assert.equal(poller.error, undefined);
  });

  it('waits as long as a rate-limited cloud asks', async () => {
    cloud.fail = new CloudError('rate-limited', 'slow down', { retryAfterMs: 90_000 });
    poller.setActive(true);
    await settle();
    await advance(89_999);
    assert.equal(cloud.calls.length, 1);
    await advance(1);
    assert.equal(cloud.calls.length, 2);
  });

  it('does not hammer a cloud with wrong credentials', async () => {
    cloud.fail = new CloudError('unauthenticated', 'wrong token');
    poller.setActive(true);
    await settle();
    await advance(3_600_000);

    assert.equal(cloud.calls.length, 1);
  });

  it('goes on looking for a local cloud that does not run: that is cheap', async () => {
    cloud.fail = new LocalCloudError('not-running', 'not running');
    poller.setActive(true);
    await settle();
    for (let poll = 0; poll < 10; poll++) await advance(5_000);

    assert.equal(cloud.calls.length, 11);
    assert.equal(poller.phase, 'failed');
  });

  it('gives up on a cloud that does not answer', async () => {
    cloud.hold();
    const silent = new AccountPoller(
      (signal) => abortable(listAll(cloud), signal),
      () => changes++,
    );
    silent.setActive(true);
    await advance(30_000);

    assert.equal(cloudErrorCode(silent.error), 'unreachable');
    silent.dispose();
  });

  it('asks again when a refresh comes during a poll, since that poll may be too old', async () => {
    const release = cloud.hold();
    poller.setActive(true);
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
    poller.setActive(true);
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
    poller.setActive(true);
    poller.dispose();
    release();
    await settle();

    assert.equal(changes, 0);
  });
});
