/** What the stand-in's app server answers. */
import assert from 'node:assert/strict';
import { AppServerClient, type Answer } from '../../clouds/openhands/client';
import type { OpenHandsOptions } from '../../clouds/openhands/options';
import { SPECS } from '../../clouds/openhands/sandboxes';
import { useOpenHandsClouds } from '../../clouds/openhands/suite';

const UNKNOWN = 'a1';

describe('the stand-in for OpenHands Cloud', () => {
  const start = useOpenHandsClouds();

  describe('app server', () => {
    const answers: readonly { name: string; call: [string, string]; want: unknown }[] = [
      {
        name: 'an unknown sandbox is null among those asked for',
        call: ['GET', `/api/v1/sandboxes?id=${UNKNOWN}&id=b`],
        want: { status: 200, body: [null, null] },
      },
      {
        name: 'more than 100 ids are refused',
        call: ['GET', `/api/v1/sandboxes?${'id=a&'.repeat(101)}`],
        want: { status: 400, body: { detail: 'Too many ids: at most 100' } },
      },
      {
        name: 'a page of more than 100 is refused',
        call: ['GET', '/api/v1/sandboxes/search?limit=101'],
        want: {
          status: 422,
          body: {
            detail: [
              {
                type: 'less_than_equal',
                loc: ['query', 'limit'],
                msg: 'Input should be less than or equal to 100',
                input: '101',
                ctx: { le: 100 },
              },
            ],
          },
        },
      },
      {
        name: 'an unknown spec is an error of the server',
        call: ['POST', '/api/v1/sandboxes?sandbox_spec_id=none'],
        want: { status: 500, body: 'Internal Server Error' },
      },
      ...['pause', 'resume'].map((action) => ({
        name: `an unknown sandbox cannot be told to ${action}`,
        call: ['POST', `/api/v1/sandboxes/${UNKNOWN}/${action}`] as [string, string],
        want: { status: 404, body: { detail: 'Sandbox a1 not found' } },
      })),
      {
        name: 'the id in the path does not say what is deleted',
        call: ['DELETE', `/api/v1/sandboxes/${UNKNOWN}`],
        want: {
          status: 422,
          body: {
            detail: [{ type: 'missing', loc: ['query', 'sandbox_id'], msg: 'Field required', input: null }],
          },
        },
      },
      {
        name: 'there is no route to one sandbox',
        call: ['GET', `/api/v1/sandboxes/${UNKNOWN}`],
        want: { status: 404, body: { detail: 'Not Found' } },
      },
    ];
    for (const { name, call, want } of answers) {
      it(name, async () => {
        const { client } = await start();

        assert.deepEqual(await client.call(...call), want);
      });
    }

    it('lists pages, the newest first', async () => {
      const { cloud, client } = await start();
      const ids = ['a', 'b', 'c'];
      for (const id of ids) cloud.sandboxes.addRow({ id });

      const first = pageOf(await client.call('GET', '/api/v1/sandboxes/search?limit=2'));
      const second = pageOf(
        await client.call('GET', `/api/v1/sandboxes/search?limit=2&page_id=${first.next}`),
      );

      assert.deepEqual([first.ids, second.ids, second.next], [['c', 'b'], ['a'], null]);
    });

    it('restarts at the first page for a page id that it cannot read', async () => {
      const { cloud, client } = await start();
      cloud.sandboxes.addRow({ id: 'a' });

      assert.deepEqual(pageOf(await client.call('GET', '/api/v1/sandboxes/search?page_id=junk')).ids, ['a']);
    });

    it('tells which conversations a sandbox runs', async () => {
      const { cloud, client } = await start();
      cloud.conversations.push(
        { id: '1', title: 'Fix it', sandboxId: 'a' },
        { id: '2', title: null, sandboxId: 'b' },
      );

      const { body } = await client.call('GET', '/api/v1/app-conversations/search?sandbox_id__eq=a');

      assert.deepEqual(
        (body as { items: { title: string }[] }).items.map(({ title }) => title),
        ['Fix it'],
      );
    });

    it('lists its specs', async () => {
      const { client } = await start();

      assert.deepEqual(pageOf(await client.call('GET', '/api/v1/sandbox-specs/search')).ids, SPECS);
    });

    it('records what it was asked', async () => {
      const { cloud, client } = await start();
      await client.call('GET', '/api/v1/sandboxes?id=a&id=b');

      assert.deepEqual(cloud.requests.calls, ['GET /api/v1/sandboxes?id=a&id=b']);
      assert.equal(cloud.requests.all[0]?.headers['authorization'], `Bearer ${cloud.apiKey}`);
    });
  });

  describe('sign-in', () => {
    const ways: readonly {
      name: string;
      options?: OpenHandsOptions;
      headers: Record<string, string>;
      want: unknown;
    }[] = [
      { name: 'no key', headers: {}, want: [401, { error: 'NoCredentialsError' }] },
      {
        name: 'a wrong key',
        headers: { authorization: 'Bearer x' },
        want: [401, { error: 'Invalid API key' }],
      },
      {
        name: 'no key of an open-source server',
        options: { edition: 'openSource', appServerKey: 'k' },
        headers: { authorization: 'Bearer k' },
        want: [401, { detail: 'Unauthorized' }],
      },
    ];
    for (const { name, options, headers, want } of ways) {
      it(`is refused with ${name}`, async () => {
        const { cloud } = await start(options);
        const { status, body } = await new AppServerClient(cloud, headers).call(
          'GET',
          '/api/v1/sandboxes/search',
        );

        assert.deepEqual([status, body], want);
      });
    }

    for (const header of ['x-session-api-key', 'x-access-token']) {
      it(`is possible by ${header}`, async () => {
        const { cloud } = await start();
        const client = new AppServerClient(cloud, { [header]: cloud.apiKey });

        assert.equal((await client.call('GET', '/api/keys/current')).status, 200);
      });
    }

    it('needs no key where an open-source server has none', async () => {
      const { cloud } = await start({ edition: 'openSource' });

      assert.equal(
        (await new AppServerClient(cloud, {}).call('GET', '/api/v1/sandboxes/search')).status,
        200,
      );
    });

    it('by device waits for the person, then gives a key', async () => {
      const { cloud, client } = await start();
      const device = await authorize(client);

      const before = await poll(client, device.device_code);
      cloud.deviceFlow.approve(device.user_code);
      const { access_token: key } = (await poll(client, device.device_code)) as { access_token: string };

      assert.deepEqual(before, { error: 'authorization_pending' });
      const signedIn = new AppServerClient(cloud, { authorization: `Bearer ${key}` });
      assert.equal((await signedIn.call('GET', '/api/keys/current')).status, 200);
    });

    it('by device tells a client that polls too fast', async () => {
      const { client } = await start();
      const { device_code: code } = await authorize(client);
      await poll(client, code);

      assert.deepEqual(await poll(client, code), { error: 'slow_down', interval: 6 });
    });

    it('by device ends when the person refuses', async () => {
      const { cloud, client } = await start();
      const device = await authorize(client);
      cloud.deviceFlow.deny(device.user_code);

      assert.deepEqual(await poll(client, device.device_code), { error: 'access_denied' });
    });

    it('by device ends when the code has expired', async () => {
      const { client } = await start({ deviceFlow: { expiresInSeconds: -1 } });
      const { device_code: code } = await authorize(client);

      assert.deepEqual(await poll(client, code), { error: 'expired_token' });
    });
  });

  describe('rate limit', () => {
    it('of the cloud says how long to wait', async () => {
      const { cloud } = await start({ requestsPerSecond: 1 });
      const answers = await Promise.all([1, 2].map(() => fetch(`${cloud.url}/api/v1/sandboxes/search`)));
      const refused = answers.find(({ status }) => status === 429);

      assert.equal(refused?.headers.get('retry-after'), '1');
      assert.deepEqual(await refused.json(), { error: 'Rate limit exceeded: 1 per 1 second' });
    });

    it('of an open-source server refuses at twice the limit', async () => {
      const { cloud } = await start({ edition: 'openSource', requestsPerSecond: 1 });
      const answers = await Promise.all([1, 2, 3].map(() => fetch(`${cloud.url}/api/v1/sandboxes/search`)));

      assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 200, 429]);
      const refused = answers.find(({ status }) => status === 429);
      assert.deepEqual(await refused?.json(), { message: 'Too many requests' });
    });
  });
});

interface Device {
  readonly device_code: string;
  readonly user_code: string;
}

async function authorize(client: AppServerClient): Promise<Device> {
  return (await client.call('POST', '/oauth/device/authorize')).body as Device;
}

async function poll(client: AppServerClient, deviceCode: string): Promise<unknown> {
  const grantType = 'urn:ietf:params:oauth:grant-type:device_code';
  const form = new URLSearchParams({ grant_type: grantType, device_code: deviceCode });
  return (await client.call('POST', '/oauth/device/token', form)).body;
}

function pageOf({ body }: Answer): { ids: string[]; next: string | null } {
  const { items, next_page_id: next } = body as { items: { id: string }[]; next_page_id: string | null };
  return { ids: items.map(({ id }) => id), next };
}
