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

  const untrusted = new CloudError('unreachable', 'its certificate is not trusted here');
  const obstacles = [
    { name: 'its server cannot be reached', info: { status: 'RUNNING' }, says: untrusted.message },
    { name: 'its cloud tells why', info: { status: 'STARTING', status_detail: 'no room' }, says: 'no room' },
  ];
  for (const { name, info, says } of obstacles) {
    it(`ends after five minutes, and says what was in the way, where ${name}`, async () => {
      const api = { sandbox: (id: string) => Promise.resolve({ id, ...info }) } as unknown as OpenHandsApi;
      const site = { adopt: () => undefined, use: () => Promise.reject(untrusted) } as unknown as CloudSite;

      const failure = startSandbox(api, site, 'a').catch((error: unknown) => error as CloudError);
      for (let passed = 0; passed < FIVE_MINUTES_MS; passed += 1_000) {
        await nextTurn();
        mock.timers.tick(1_000);
      }

      const { code, message, cause } = (await failure) as CloudError;
      assert.equal(code, 'unreachable');
      assert.equal(message, `The sandbox does not answer 300 s after it was started: ${says}`);
      assert.equal((cause as Error).message, says);
    });
  }
});
