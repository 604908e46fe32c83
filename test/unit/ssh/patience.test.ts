import assert from 'node:assert/strict';
import { CloudError } from '../../../src/cloud/errors';
import { withPatience } from '../../../src/ssh/backends/patience';

const never = new AbortController().signal;
const passing = new CloudError('unreachable', 'the cloud is down');

describe('withPatience', () => {
  it('tries again after a passing failure', async () => {
    const failures: unknown[] = [];
    let attempts = 0;

    const result = await withPatience(
      () => (++attempts === 2 ? Promise.resolve('ready') : Promise.reject(passing)),
      (error) => failures.push(error),
      never,
    );

    assert.equal(result, 'ready');
    assert.deepEqual(failures, [passing]);
  });

  for (const code of ['unauthenticated', 'not-found', 'conflict', 'protocol'] as const) {
    it(`does not try again what is ${code}`, async () => {
      let attempts = 0;
      const attempt = (): Promise<never> => {
        attempts++;
        return Promise.reject(new CloudError(code, 'no'));
      };

      await assert.rejects(
        withPatience(attempt, () => undefined, never),
        { code },
      );
      assert.equal(attempts, 1);
    });
  }

  it('gives up with the cause when the cloud asks for more patience than there is', async () => {
    const busy = new CloudError('rate-limited', 'busy', { retryAfterMs: 3_600_000 });

    await assert.rejects(
      withPatience(
        () => Promise.reject(busy),
        () => undefined,
        never,
      ),
      busy,
    );
  });

  it('ends with its signal', async () => {
    const cancelled = new AbortController();

    const work = withPatience(
      () => Promise.reject(passing),
      () => cancelled.abort(),
      cancelled.signal,
    );

    await assert.rejects(work, { name: 'AbortError' });
  });
});
