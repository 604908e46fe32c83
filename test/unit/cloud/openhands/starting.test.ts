import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { CloudError } from '../../../../src/cloud/errors';
import { startSandbox } from '../../../../src/cloud/openhands/starting';
import type { OpenHandsApi } from '../../../../src/cloud/openhands/api';
import type { CloudSite } from '../../../../src/cloud/openhands/cloudSite';

const FIVE_MINUTES_MS = 300_000;

describe('The start of an OpenHands sandbox that never answers', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
  afterEach(() => mock.timers.reset());

  it('ends after five minutes, and says what was in the way', async () => {
    const api = {
      sandbox: (id: string) => Promise.resolve({ id, status: 'RUNNING' }),
    } as unknown as OpenHandsApi;
    const untrusted = new CloudError('unreachable', 'its certificate is not trusted here');
    const site = {
      adopt: () => undefined,
      use: () => Promise.reject(untrusted),
    } as unknown as CloudSite;

    const failure = startSandbox(api, site, 'a').catch((error: unknown) => error as CloudError);
    for (let passed = 0; passed < FIVE_MINUTES_MS; passed += 1_000) {
      await nextTurn();
      mock.timers.tick(1_000);
    }

    const { code, message, cause } = (await failure) as CloudError;
    assert.equal(code, 'unreachable');
    assert.match(message, /300 s after it was started: its certificate is not trusted here$/);
    assert.equal(cause, untrusted);
  });
});
