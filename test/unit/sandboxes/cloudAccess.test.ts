import assert from 'node:assert/strict';
import { silentLogger } from '../../../src/base/logger';
import { CloudError } from '../../../src/cloud/errors';
import type { AccountInfo, Endpoint, NetworkSettings } from '../../../src/cloud/provider';
import { MemorySecretStore } from '../../../src/keys/secretStore';
import { localAccount } from '../../../src/sandboxes/account';
import { AccountStore } from '../../../src/sandboxes/accountStore';
import { CloudAccess } from '../../../src/sandboxes/cloudAccess';
import { renewToken, signIn, useLocalCloud } from '../../../src/sandboxes/signIn';
import { FakeCloud } from '../../helpers/fakeCloud';
import { MemoryState } from '../../helpers/memoryState';

const address = { url: 'http://127.0.0.1:4000', token: 'local-secret' };
const request = { provider: 'boxlite', baseUrl: 'https://cloud.example.com/', token: ' secret \n' };

describe('CloudAccess and signing in', () => {
  let state: MemoryState;
  let accounts: AccountStore;
  let opened: { endpoint: Endpoint; client: FakeCloud }[];
  let refusal: Error | undefined;
  let named: AccountInfo | undefined;
  let network: NetworkSettings | undefined;
  let access: CloudAccess;
  let isRunning: boolean;

  beforeEach(() => {
    state = new MemoryState();
    accounts = new AccountStore(state, new MemorySecretStore());
    opened = [];
    refusal = undefined;
    named = undefined;
    network = undefined;
    isRunning = false;
    const localCloud = {
      find: () => Promise.resolve(isRunning ? address : undefined),
      start: () => {
        isRunning = true;
        return Promise.resolve(address);
      },
    };
    access = new CloudAccess({
      accounts,
      connect: (endpoint) => {
        const client = new FakeCloud();
        client.fail = refusal;
        client.account = named ?? client.account;
        opened.push({ endpoint, client });
        return client;
      },
      localCloud,
      network: () => network,
      log: silentLogger,
    });
  });

  it('keeps an account that the cloud accepts, with its token trimmed', async () => {
    const account = await signIn(request, access, accounts);

    assert.deepEqual(accounts.list(), [account]);
    assert.equal(account.label, 'ada@example.com');
    assert.equal(await accounts.token(account.id), 'secret');
  });

  it('keeps nothing when the cloud refuses the token', async () => {
    refusal = new CloudError('unauthenticated', 'wrong token');

    await assert.rejects(signIn(request, access, accounts), { code: 'unauthenticated' });
    assert.deepEqual(state.keys(), []);
    assert.ok(opened.every(({ client }) => client.disposed));
  });

  for (const user of ['', 'x'.repeat(10_000)]) {
    it(`keeps nothing of a user whose name has ${user.length} characters`, async () => {
      named = { user, label: 'Ada' };

      await assert.rejects(signIn(request, access, accounts), { code: 'protocol' });
      assert.deepEqual(state.keys(), []);
    });
  }

  it('keeps nothing when the person cancels during the check', async () => {
    const controller = new AbortController();
    controller.abort(new Error('cancelled'));

    await assert.rejects(signIn(request, access, accounts, controller.signal), { message: 'cancelled' });
    assert.deepEqual(state.keys(), []);
  });

  it('asks for the local cloud’s token each time and stores it nowhere', async () => {
    const account = await useLocalCloud(access, accounts);

    const endpoint = await access.endpoint(account);
    assert.deepEqual(endpoint, {
      provider: 'boxlite',
      baseUrl: 'http://127.0.0.1:4000',
      token: 'local-secret',
    });
    assert.equal(await accounts.token(account.id), undefined);
  });

  it('starts the local cloud for who needs it, and not for who only looks', async () => {
    await assert.rejects(access.findClient(localAccount), { code: 'not-running' });
    assert.equal(isRunning, false);

    await access.client(localAccount);
    assert.equal(isRunning, true);
    assert.equal(await access.findClient(localAccount), await access.client(localAccount));
  });

  it('refuses as unauthenticated when the token is gone', async () => {
    const account = await signIn(request, access, accounts);
    await accounts.remove(account.id);

    await assert.rejects(access.client(account), { code: 'unauthenticated' });
  });

  it('replaces the token of an account that is signed in, once the cloud accepts the new one', async () => {
    const account = await signIn(request, access, accounts);

    refusal = new CloudError('unauthenticated', 'wrong token');
    await assert.rejects(renewToken(account, 'wrong', access, accounts), { code: 'unauthenticated' });
    assert.equal(await accounts.token(account.id), 'secret');

    refusal = undefined;
    await renewToken(account, ' new \n', access, accounts);
    assert.equal(await accounts.token(account.id), 'new');
    assert.deepEqual(accounts.list(), [account]);
  });

  it('does not give an account the token of another user', async () => {
    const account = { ...(await signIn(request, access, accounts)), user: 'grace' };

    await assert.rejects(renewToken(account, 'new', access, accounts), { code: 'other-user' });
    assert.equal(await accounts.token(account.id), 'secret');
  });

  it('uses one client for an account until its credentials or the network change', async () => {
    const account = await signIn(request, access, accounts);
    const first = await access.client(account);
    assert.equal(await access.client(account), first);

    network = { proxyUrl: 'http://proxy:3128' };
    const second = await access.client(account);
    assert.notEqual(second, first);
    assert.equal(opened.find(({ client }) => client === first)?.client.disposed, true);
    assert.deepEqual(opened.at(-1)?.endpoint.network, network);
  });
});
