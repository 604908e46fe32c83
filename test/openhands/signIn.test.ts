import assert from 'node:assert/strict';
import { describeErrorChain } from '../../src/base/errors';
import { silentLogger } from '../../src/base/logger';
import type { DeviceCode } from '../../src/cloud/deviceFlow';
import { signInByDevice } from '../../src/cloud/deviceFlow';
import { OpenHandsCloud } from '../clouds/openhands/cloud';
import type { Intercepted, OpenHandsOptions } from '../clouds/openhands/options';
import { eventually } from '../helpers/eventually';
import { connectTo, deviceFlow, signInByBrowser } from './client';

describe('Signing in to OpenHands', () => {
  let cloud: OpenHandsCloud;

  const serve = async (options: OpenHandsOptions = {}): Promise<void> => {
    cloud = await OpenHandsCloud.start(options);
  };
  afterEach(() => cloud.close());

  const whoAmI = async (token?: string): Promise<unknown> => {
    const client = connectTo(cloud, token);
    return client.whoAmI().finally(() => client.dispose());
  };

  describe('by an API key', () => {
    it('tells whose it is', async () => {
      await serve();

      assert.deepEqual(await whoAmI(), { user: 'user-1', label: 'ann@example.org' });
    });

    it('is refused with a wrong one, which the error does not repeat', async () => {
      await serve();

      await assert.rejects(whoAmI('sk-wrong'), (error: Error & { code: string }) => {
        assert.equal(error.code, 'unauthenticated');
        assert.equal(describeErrorChain(error).includes('sk-wrong'), false);
        return true;
      });
    });

    it('is refused without one', async () => {
      await serve();

      await assert.rejects(whoAmI(''), { code: 'unauthenticated', message: /NoCredentialsError/ });
    });

    it('works at a server of one’s own, by the key that it was started with', async () => {
      await serve({ edition: 'openSource', appServerKey: 'own-key' });

      assert.deepEqual(await whoAmI('own-key'), { user: 'user-1', label: 'ann@example.org' });
      await assert.rejects(whoAmI('another'), { code: 'unauthenticated' });
    });

    it('needs none at a server of one’s own that lets everybody in', async () => {
      await serve({ edition: 'openSource' });

      assert.deepEqual(await whoAmI(''), { user: 'user-1', label: 'ann@example.org' });
    });

    for (const { what, answer } of [
      { what: 'a 404', answer: { status: 404, body: { detail: 'Not Found' } } },
      { what: 'the page of the user interface', answer: { status: 200, body: '<!doctype html><p>hello' } },
    ]) {
      it(`is anonymous at a server that answers ${what} when it is asked for users`, async () => {
        await serve({
          edition: 'openSource',
          intercept: ({ path }) => (/keys|users/.test(path) ? answer : undefined),
        });

        assert.deepEqual(await whoAmI(''), { user: 'anonymous', label: 'OpenHands' });
      });

      it(`fails at an address that answers ${what} to everything`, async () => {
        await serve({ intercept: () => answer });

        await assert.rejects(whoAmI(), { code: 'protocol', message: /no OpenHands API at this address/ });
      });
    }
  });

  describe('with the browser', () => {
    let codes: DeviceCode[];
    const begin = (signal?: AbortSignal): Promise<string> => {
      codes = [];
      const endpoint = { baseUrl: cloud.url };
      const onCode = (code: DeviceCode): void => void codes.push(code);
      return signInByDevice({
        flow: deviceFlow,
        endpoint,
        onCode,
        log: silentLogger,
        ...(signal && { signal }),
      });
    };
    /** Runs something as soon as there is a code. */
    const beginAnd = (onCode: (code: DeviceCode) => void): Promise<string> => signInByBrowser(cloud, onCode);

    it('gives a key that opens the account', async () => {
      await serve();
      const token = await beginAnd(({ userCode }) => cloud.deviceFlow.approve(userCode));

      assert.deepEqual(await whoAmI(token), { user: 'user-1', label: 'ann@example.org' });
    });

    it('names the page with the code filled in', async () => {
      await serve();
      const gone = new AbortController();
      const signingIn = begin(gone.signal);
      signingIn.catch(() => undefined);
      await eventually(() => assert.equal(codes.length, 1));
      gone.abort(new Error('given up'));

      await assert.rejects(signingIn, /given up/);
      assert.equal(codes[0]!.page, `${cloud.url}/oauth/device/verify?user_code=${codes[0]!.userCode}`);
    });

    it('ends when the person refuses', async () => {
      await serve();

      await assert.rejects(
        beginAnd(({ userCode }) => cloud.deviceFlow.deny(userCode)),
        { code: 'denied' },
      );
    });

    it('ends when nobody confirms the code in time', async () => {
      await serve({ deviceFlow: { intervalSeconds: 1, expiresInSeconds: 1 } });

      await assert.rejects(begin(), { code: 'expired' });
    });

    it('waits for a network that fails in between', async () => {
      let failures = 1;
      const gateway: Intercepted = { status: 502, body: '<html>Bad Gateway' };
      await serve({
        deviceFlow: { intervalSeconds: 0 },
        intercept: ({ path }) => (path === deviceFlow.tokenPath && failures-- > 0 ? gateway : undefined),
      });
      const token = await beginAnd(({ userCode }) => cloud.deviceFlow.approve(userCode));

      assert.ok(token);
    });

    it('is not offered by a server of one’s own that has no accounts', async () => {
      await serve({ edition: 'openSource' });

      await assert.rejects(begin(), { code: 'not-found' });
    });
  });
});
