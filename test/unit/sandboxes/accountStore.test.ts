import assert from 'node:assert/strict';
import type { SecretStore } from '../../../src/base/secretStore';
import { MemorySecretStore } from '../../../src/keys/secretStore';
import { accountId, localAccount, type Account } from '../../../src/sandboxes/account';
import { AccountStore } from '../../../src/sandboxes/accountStore';
import { MemoryState } from '../../helpers/memoryState';

function accountAt(baseUrl: string, label = 'ada'): Account {
  return { id: accountId('boxlite', baseUrl, 'ada'), provider: 'boxlite', baseUrl, user: 'ada', label };
}

function createStore(state = new MemoryState()): AccountStore {
  return new AccountStore(state, new MemorySecretStore());
}

const locked = (): Promise<never> => Promise.reject(new Error('the keyring is locked'));
const lockedSecrets: SecretStore = { get: locked, store: locked, delete: locked };

describe('AccountStore', () => {
  it('keeps accounts apart that differ by port only', async () => {
    const store = createStore();
    await store.add(accountAt('https://host:1'), 'one');
    await store.add(accountAt('https://host:2'), 'two');

    assert.equal(await store.token(accountAt('https://host:1').id), 'one');
    assert.equal(await store.token(accountAt('https://host:2').id), 'two');
    assert.equal(store.list().length, 2);
  });

  it('replaces the token and label of an account that is added again', async () => {
    const store = createStore();
    await store.add(accountAt('https://host', 'old'), 'old');
    await store.add(accountAt('https://host', 'new'), 'new');

    assert.deepEqual(store.list(), [accountAt('https://host', 'new')]);
    assert.equal(await store.token(accountAt('https://host').id), 'new');
  });

  it('lists the local cloud first', async () => {
    const store = createStore();
    await store.add(accountAt('https://host', 'a'), 't');
    await store.add(localAccount);

    assert.deepEqual(
      store.list().map(({ label }) => label),
      ['This computer', 'a'],
    );
  });

  it('removes the token with the account', async () => {
    const store = createStore();
    const account = accountAt('https://host');
    await store.add(account, 'secret');
    await store.remove(account.id);

    assert.deepEqual(store.list(), []);
    assert.equal(await store.token(account.id), undefined);
  });

  it('keeps nothing of an account whose token cannot be kept', async () => {
    const state = new MemoryState();
    const store = new AccountStore(state, lockedSecrets);
    await assert.rejects(store.add(accountAt('https://host'), 'secret'), /locked/);

    assert.deepEqual(state.keys(), []);
  });

  it('keeps an account as it was when its new token cannot be kept', async () => {
    const state = new MemoryState();
    await createStore(state).add(accountAt('https://host', 'old'), 'secret');
    await assert.rejects(new AccountStore(state, lockedSecrets).add(accountAt('https://host', 'new'), 'new'));

    assert.deepEqual(createStore(state).list(), [accountAt('https://host', 'old')]);
  });

  it('lists an account before its token is kept, so that a crash leaves no token that nobody knows of', async () => {
    const state = new MemoryState();
    const listed: unknown[] = [];
    const secrets = new MemorySecretStore();
    secrets.store = () => Promise.resolve(void listed.push(...createStore(state).list()));
    await new AccountStore(state, secrets).add(accountAt('https://host'), 'secret');

    assert.deepEqual(listed, [accountAt('https://host')]);
  });

  it('does not put tokens into the state', async () => {
    const state = new MemoryState();
    await createStore(state).add(accountAt('https://host'), 'very-secret');

    assert.ok(!JSON.stringify(state.keys().map((key) => state.get(key))).includes('very-secret'));
  });

  it('ignores stored accounts that make no sense', async () => {
    const state = new MemoryState();
    await state.update('account:x', { id: 7 });
    await state.update('account:y', 'text');

    assert.deepEqual(createStore(state).list(), []);
  });

  it('tells its listeners of each change', async () => {
    const store = createStore();
    let changes = 0;
    store.onDidChange(() => changes++);
    await store.add(localAccount);
    await store.remove(localAccount.id);

    assert.equal(changes, 2);
  });

  describe('beside another window', () => {
    let state: MemoryState;
    let there: AccountStore;
    let changes: number;

    beforeEach(() => {
      state = new MemoryState();
      there = createStore(state);
      changes = 0;
      there.onDidChange(() => changes++);
    });

    it('tells of an account that came, once', async () => {
      await createStore(state).add(localAccount);
      await there.reload();
      await there.reload();

      assert.equal(changes, 1);
    });

    it('tells of one that this window has read with something else before', async () => {
      await createStore(state).add(localAccount);
      await state.update('something', 'else');
      await there.reload();

      assert.equal(changes, 1);
    });

    it('does not tell of what is none of its business', async () => {
      await state.update('something', 'else');
      await there.reload();

      assert.equal(changes, 0);
    });

    it('has everyone look again where a token may be another', async () => {
      await there.recheck();

      assert.equal(changes, 1);
    });
  });
});
