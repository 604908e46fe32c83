import assert from 'node:assert/strict';
import { createDeferred, type Deferred } from '../../../src/base/async';
import { LocalCloud, type LocalCloudAddress } from '../../../src/sandboxes/localCloud';

const address = { url: 'http://127.0.0.1:4000', token: 't' };

describe('LocalCloud', () => {
  let starts: Deferred<LocalCloudAddress>[];
  let cloud: LocalCloud;

  beforeEach(() => {
    starts = [];
    cloud = new LocalCloud({
      find: () => Promise.resolve(undefined),
      start: () => {
        const start = createDeferred<LocalCloudAddress>();
        starts.push(start);
        return start.promise;
      },
    });
  });

  it('is started once for all who ask meanwhile', async () => {
    const both = Promise.all([cloud.start(), cloud.start()]);
    starts[0]?.resolve(address);

    assert.deepEqual(await both, [address, address]);
    assert.equal(starts.length, 1);
  });

  it('goes on starting when one who asked gives up', async () => {
    const impatient = new AbortController();
    const first = cloud.start(impatient.signal);
    const second = cloud.start();
    impatient.abort(new Error('gave up'));
    await assert.rejects(first, { message: 'gave up' });
    starts[0]?.resolve(address);

    assert.deepEqual(await second, address);
  });

  it('is looked for again after each start, since it may have ended, and after each failure', async () => {
    const failed = cloud.start();
    starts[0]?.reject(new Error('no'));
    await assert.rejects(failed, { message: 'no' });
    const started = cloud.start();
    starts[1]?.resolve(address);
    await started;
    void cloud.start();

    assert.equal(starts.length, 3);
  });
});
