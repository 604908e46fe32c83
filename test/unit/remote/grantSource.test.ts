import assert from 'node:assert/strict';
import { CloudError } from '../../../src/cloud/errors';
import type { SandboxKeys } from '../../../src/keys/keyPair';
import { GrantSource, type GrantSourceOptions } from '../../../src/remote/grantSource';
import { localAccount } from '../../../src/sandboxes/account';

const alias = 'box-abc.vscode.sbx';
const keys: SandboxKeys = {
  host: { privateKey: 'host-private', publicKey: 'host-public' },
  user: { privateKey: 'user-private', publicKey: 'user-public' },
};
const endpoint = { provider: 'boxlite', baseUrl: 'http://127.0.0.1:1', token: 't' };

function source(changes: Partial<GrantSourceOptions> = {}): GrantSource {
  return new GrantSource({
    book: {
      find: (asked) =>
        asked === alias ? { alias, accountId: 'local', sandboxId: 'id1', name: 'box' } : undefined,
      hasFreshIntent: () => true,
    },
    accounts: { find: () => localAccount },
    access: { endpoint: () => Promise.resolve(endpoint) },
    keys: () => Promise.resolve(keys),
    ...changes,
  });
}

describe('GrantSource', () => {
  it('grants endpoint, private keys and the person’s intent', async () => {
    assert.deepEqual(await source().answer(alias), {
      ok: true,
      grant: {
        alias,
        sandbox: { id: 'id1', name: 'box' },
        endpoint,
        hostKey: 'host-private',
        userKey: 'user-private',
        mayStart: true,
      },
    });
  });

  const refusals: { name: string; alias?: string; changes: Partial<GrantSourceOptions>; want: string }[] = [
    { name: 'an alias of nobody', alias: 'other.vscode.sbx', changes: {}, want: 'unknown-alias' },
    {
      name: 'a sandbox without keys',
      changes: { keys: () => Promise.resolve(undefined) },
      want: 'unknown-alias',
    },
    {
      name: 'an account that was removed',
      changes: { accounts: { find: () => undefined } },
      want: 'signed-out',
    },
    {
      name: 'an account without a token',
      changes: { access: { endpoint: () => Promise.reject(new CloudError('unauthenticated', 'no token')) } },
      want: 'signed-out',
    },
  ];
  for (const { name, alias: asked, changes, want } of refusals) {
    it(`refuses ${name} as ${want}`, async () => {
      const answer = await source(changes).answer(asked ?? alias);

      assert.ok(!answer.ok);
      assert.equal(answer.reason, want);
    });
  }

  it('passes on other failures: they may pass', async () => {
    const access = { endpoint: () => Promise.reject(new CloudError('unreachable', 'down')) };

    await assert.rejects(source({ access }).answer(alias), { code: 'unreachable' });
  });
});
