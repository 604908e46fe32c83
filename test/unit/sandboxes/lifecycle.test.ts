import assert from 'node:assert/strict';
import { mock } from 'node:test';
import type { StartConsequence } from '../../../src/cloud/provider';
import { CloudError } from '../../../src/cloud/errors';
import { localAccount } from '../../../src/sandboxes/account';
import { Emitter } from '../../../src/sandboxes/emitter';
import { Lifecycle } from '../../../src/sandboxes/lifecycle';
import { listAll } from '../../../src/cloud/listAll';
import { SandboxList } from '../../../src/sandboxes/sandboxList';
import { FakeCloud } from '../../helpers/fakeCloud';

const stopped = { id: 'a', name: 'box', status: 'stopped' as const };
const ref = { account: localAccount, sandbox: stopped };

describe('Lifecycle', () => {
  let cloud: FakeCloud;
  let list: SandboxList;
  let lifecycle: Lifecycle;
  let asked: StartConsequence[];
  let consents: boolean;

  beforeEach(async () => {
    cloud = new FakeCloud(stopped);
    const accounts = { list: () => [localAccount], onDidChange: new Emitter<undefined>().event };
    list = new SandboxList({ accounts, listSandboxes: (_, signal) => listAll(cloud, signal) });
    const confirmStart = (consequence: StartConsequence): Promise<void> => {
      asked.push(consequence);
      return consents ? Promise.resolve() : Promise.reject(new Error('no'));
    };
    asked = [];
    consents = true;
    lifecycle = new Lifecycle({ list, client: () => Promise.resolve(cloud), confirmStart });
    await list.refresh();
  });

  afterEach(() => list.dispose());

  const statuses = (): string[] => list.accounts[0]!.sandboxes.map(({ status }) => status);

  it('shows where a start leads while it runs, and the result at once', async () => {
    const release = cloud.hold();
    const started = lifecycle.start(ref);
    assert.deepEqual(statuses(), ['starting']);
    release();
    await started;

    assert.deepEqual(statuses(), ['running']);
  });

  it('shows the cloud’s state again when an action fails', async () => {
    cloud.fail = new CloudError('conflict', 'busy');

    await assert.rejects(lifecycle.stop(ref), { code: 'conflict' });
    assert.deepEqual(statuses(), ['stopped']);
  });

  describe('where a start may pause another sandbox', () => {
    const consequence = { running: 1, mayPause: { id: 'b', name: 'old', status: 'running' as const } };
    beforeEach(() => {
      cloud.startConsequence = () => Promise.resolve(consequence);
    });

    for (const act of ['start', 'create'] as const) {
      const run = (): Promise<unknown> =>
        act === 'start' ? lifecycle.start(ref) : lifecycle.create(localAccount, {});

      it(`asks before the ${act}`, async () => {
        await run();

        assert.deepEqual(asked, [consequence]);
      });

      it(`does not ${act} without consent`, async () => {
        consents = false;

        await assert.rejects(run(), /no/);
        assert.equal(cloud.calls.includes(act), false);
        assert.deepEqual(statuses(), ['stopped']);
      });
    }
  });

  it('shows a sandbox that is being created, with its name', async () => {
    const release = cloud.hold();
    const created = lifecycle.create(localAccount, { name: 'new' });
    const row = list.accounts[0]!.sandboxes.find(({ name }) => name === 'new');
    assert.equal(row?.status, 'creating');
    assert.ok(list.isPlaceholder(row));
    release();
    const { sandbox } = await created;

    assert.deepEqual(
      list.accounts[0]!.sandboxes.map(({ id }) => id),
      [sandbox.id, 'a'],
    );
  });

  it('takes the placeholder away when a creation fails', async () => {
    cloud.fail = new CloudError('rate-limited', 'too many');

    await assert.rejects(lifecycle.create(localAccount, {}), { code: 'rate-limited' });
    assert.equal(list.accounts[0]!.sandboxes.length, 1);
  });

  it('drops a deleted sandbox at once', async () => {
    await lifecycle.delete(ref);

    assert.deepEqual(statuses(), []);
  });

  describe('hasEnded', () => {
    const WITHIN_MS = 60_000;
    afterEach(() => mock.timers.reset());

    for (const act of ['stop', 'delete'] as const) {
      it(`holds once the ${act} has begun`, async () => {
        const release = cloud.hold();
        const done = lifecycle[act](ref);

        assert.equal(lifecycle.hasEnded(ref, WITHIN_MS), true);
        release();
        await done;
      });
    }

    it('is forgotten in time', async () => {
      mock.timers.enable({ apis: ['Date'], now: Date.now() });
      await lifecycle.stop(ref);
      mock.timers.tick(WITHIN_MS + 1);
      await lifecycle.stop({ ...ref, sandbox: { ...stopped, id: 'b' } }).catch(() => undefined);

      assert.equal(lifecycle.hasEnded(ref, 10 * WITHIN_MS), false);
    });

    it('does not hold for a sandbox that was left alone, or started', async () => {
      assert.equal(lifecycle.hasEnded(ref, WITHIN_MS), false);
      await lifecycle.start(ref);

      assert.equal(lifecycle.hasEnded(ref, WITHIN_MS), false);
    });
  });

  it('takes a sandbox that is gone already for deleted', async () => {
    cloud.sandboxes.clear();
    await lifecycle.delete(ref);

    assert.deepEqual(statuses(), []);
  });

  it('starts only what the cloud says does not run', async () => {
    cloud.sandboxes.set('a', { ...stopped, status: 'running' });
    await lifecycle.ensureRunning(ref);
    assert.ok(!cloud.calls.includes('start'));

    cloud.sandboxes.set('a', stopped);
    await lifecycle.ensureRunning(ref);
    assert.ok(cloud.calls.includes('start'));
  });

  it('hands the caller’s cancellation to the cloud', async () => {
    const release = cloud.hold();
    const controller = new AbortController();
    const started = lifecycle.start(ref, controller.signal);
    controller.abort(new Error('enough'));
    release();

    await assert.rejects(started, { message: 'enough' });
    assert.deepEqual(statuses(), ['stopped']);
  });
});
