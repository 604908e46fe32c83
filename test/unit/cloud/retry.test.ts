import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { CloudError, type CloudErrorCode } from '../../../src/cloud/errors';
import { defaultRetry, withRetry, type RetryPolicy } from '../../../src/cloud/retry';

const quick: RetryPolicy = { ...defaultRetry, attempts: 3, baseMs: 1, maxMs: 20, budgetMs: 1_000 };

async function triesFor(error: Error, policy = quick): Promise<number> {
  let tries = 0;
  const attempt = (): Promise<never> => {
    tries++;
    return Promise.reject(error);
  };
  await assert.rejects(withRetry(attempt, policy), error);
  return tries;
}

describe('withRetry', () => {
  it('gives the first success', async () => {
    const attempt = (index: number): Promise<number> =>
      index < 2 ? Promise.reject(new CloudError('unreachable', 'x')) : Promise.resolve(index);

    assert.equal(await withRetry(attempt, quick), 2);
  });

  const codes: [CloudErrorCode, number][] = [
    ['unreachable', 3],
    ['rate-limited', 3],
    ['unauthenticated', 1],
    ['not-found', 1],
    ['conflict', 1],
    ['protocol', 1],
  ];
  for (const [code, tries] of codes) {
    it(`tries ${tries} times for ${code}`, async () =>
      assert.equal(await triesFor(new CloudError(code, 'x')), tries));
  }

  it('does not repeat an error that is not of a cloud', async () => {
    assert.equal(await triesFor(new Error('a bug')), 1);
  });

  it('begins no try after its budget', async () => {
    assert.equal(await triesFor(new CloudError('unreachable', 'x'), { ...quick, budgetMs: -1 }), 1);
  });

  it('waits as long as the cloud asks, up to its limit', async () => {
    const start = performance.now();

    assert.equal(await triesFor(new CloudError('rate-limited', 'x', { retryAfterMs: 20 })), 3);
    assert.equal(await triesFor(new CloudError('rate-limited', 'x', { retryAfterMs: 21 })), 1);

    assert.ok(performance.now() - start >= 38);
  });

  it('ends the wait when its caller gives up', async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const giveUp = new AbortController();
      const refused = (): Promise<never> =>
        Promise.reject(new CloudError('rate-limited', 'x', { retryAfterMs: 20 }));
      const trying = withRetry(refused, quick, giveUp.signal);
      await nextTurn();

      giveUp.abort(new Error('enough'));

      await assert.rejects(trying, { message: 'enough' });
    } finally {
      mock.timers.reset();
    }
  });
});
