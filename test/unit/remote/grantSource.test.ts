import assert from 'node:assert/strict';
import { CloudError } from '../../../src/cloud/errors';
import type { SandboxKeys } from '../../../src/keys/keyPair';
import { GrantSource, type GrantSourceOptions } from '../../../src/remote/grantSource';
import { SandboxBook } from '../../../src/remote/sandboxBook';
import { localAccount } from '../../../src/sandboxes/account';
import { LocalCloudError } from '../../../src/sandboxes/localCloud';
import { MemoryState } from '../../helpers/memoryState';

const alias = 'box-abc.vscode.sbx';
const keys: SandboxKeys = {
  host: { privateKey: 'host-private', publicKey: 'host-public' },
  user: { privateKey: 'user-private', publicKey: 'user-public' },
};
const endpoint = { provider: 'boxlite', baseUrl: 'http://127.0.0.1:1', token: 't' };

const notRunning = new LocalCloudError('not-running', 'The local cloud is not running');

function bookWith({ hasFreshIntent }: { hasFreshIntent: boolean }): GrantSourceOptions['book'] {
  return {
    reload: () => Promise.resolve(),
    find: (asked) =>
      asked === alias ? { alias, accountId: 'local', sandboxId: 'id1', name: 'box' } : undefined,
    hasFreshIntent: () => hasFreshIntent,
  };
}

function failing(error: Error): GrantSourceOptions['access'] {
  return { endpoint: () => Promise.reject(error), findEndpoint: () => Promise.reject(error) };
}

function source(changes: Partial<GrantSourceOptions> = {}): GrantSource {
  return new GrantSource({
    book: bookWith({ hasFreshIntent: true }),
    accounts: { find: () => localAccount },
    access: { endpoint: () => Promise.resolve(endpoint), findEndpoint: () => Promise.reject(notRunning) },
    keys: () => Promise.resolve(keys),
    backend: () => 'agent',
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
        backend: 'agent',
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
      changes: { access: failing(new CloudError('unauthenticated', 'no token')) },
      want: 'signed-out',
    },
    {
      name: 'a local cloud that does not run and that nobody asked for just now',
      changes: { book: bookWith({ hasFreshIntent: false }) },
      want: 'not-running',
    },
  ];
  for (const { name, alias: asked, changes, want } of refusals) {
    it(`refuses ${name} as ${want}`, async () => {
      const answer = await source(changes).answer(asked ?? alias);

      assert.ok(!answer.ok);
      assert.equal(answer.reason, want);
    });
  }

  it('starts nothing without the person’s intent', async () => {
    const book = bookWith({ hasFreshIntent: false });
    const access = {
      endpoint: () => Promise.reject(new Error('started')),
      findEndpoint: () => Promise.resolve(endpoint),
    };
    const answer = await source({ book, access }).answer(alias);

    assert.ok(answer.ok);
    assert.equal(answer.grant.mayStart, false);
  });

  it('knows what another window wrote a moment ago', async () => {
    const state = new MemoryState();
    const book = new SandboxBook(state);
    state.reload = () => book.record({ alias, accountId: 'local', sandboxId: 'id1', name: 'box' });
    const access = {
      endpoint: () => Promise.resolve(endpoint),
      findEndpoint: () => Promise.resolve(endpoint),
    };

    assert.ok((await source({ book, access }).answer(alias)).ok);
  });

  it('passes on other failures: they may pass', async () => {
    const access = failing(new CloudError('unreachable', 'down'));

    await assert.rejects(source({ access }).answer(alias), { code: 'unreachable' });
  });
});
