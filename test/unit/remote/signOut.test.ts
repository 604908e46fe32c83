import assert from 'node:assert/strict';
import { MemorySecretStore } from '../../../src/keys/secretStore';
import { SandboxBook } from '../../../src/remote/sandboxBook';
import { signOut, type SignOutOptions } from '../../../src/remote/signOut';
import { localAccount, type Account } from '../../../src/sandboxes/account';
import { AccountStore } from '../../../src/sandboxes/accountStore';
import { MemoryState } from '../../helpers/memoryState';

const account: Account = { id: 'x', provider: 'boxlite', baseUrl: 'https://h', user: 'ada', label: 'ada' };

describe('signOut', () => {
  let accounts: AccountStore;
  let book: SandboxBook;
  let forgotten: string[];
  let broken: Set<string>;
  let options: SignOutOptions;

  beforeEach(async () => {
    const state = new MemoryState();
    accounts = new AccountStore(state, new MemorySecretStore());
    book = new SandboxBook(state);
    forgotten = [];
    broken = new Set();
    await accounts.add(account, 'secret');
    for (const alias of ['one', 'two'])
      await book.record({ alias, accountId: account.id, sandboxId: alias, name: alias });
    const forget = (what: string): Promise<void> => {
      if (broken.has(what)) return Promise.reject(new Error(`${what} is stuck`));
      forgotten.push(what);
      return book.forget(what);
    };
    const ssh = { forget, cleanUp: () => forget('rest') };
    options = { accounts, access: { forget: () => undefined }, book, ssh };
  });

  it('removes token, keys and account', async () => {
    await signOut(account, options);

    assert.deepEqual(forgotten, ['one', 'two', 'rest']);
    assert.deepEqual(accounts.list(), []);
    assert.equal(await accounts.token(account.id), undefined);
  });

  it('tells what it removed', async () => {
    assert.deepEqual(await signOut(account, options), {
      token: true,
      sandboxes: ['one', 'two'],
      sshConfig: true,
    });
  });

  it('tells that our SSH files stay where another account has sandboxes', async () => {
    await book.record({ alias: 'other', accountId: 'y', sandboxId: 'o', name: 'other' });

    assert.equal((await signOut(account, options)).sshConfig, false);
  });

  it('tells of nothing where there was nothing', async () => {
    await accounts.add(localAccount);
    const nothing = { token: false, sandboxes: [], sshConfig: false };

    assert.deepEqual(await signOut(localAccount, options), nothing);
  });

  it('goes on past what fails, tells all of it, and can be repeated', async () => {
    broken = new Set(['one', 'rest']);
    const message = 'Not all could be removed, sign out again: one is stuck; rest is stuck';
    await assert.rejects(signOut(account, options), { code: 'incomplete', message });
    assert.equal(await accounts.token(account.id), undefined);
    assert.deepEqual(forgotten, ['two']);
    assert.deepEqual(accounts.list(), [account]);

    broken.clear();
    await signOut(account, options);
    assert.deepEqual(accounts.list(), []);
  });

  it('keeps the account listed when its token cannot be deleted', async () => {
    const stuck = { ...options.accounts, deleteToken: () => Promise.reject(new Error('locked')) };
    await assert.rejects(signOut(account, { ...options, accounts: stuck }), { code: 'incomplete' });

    assert.deepEqual(accounts.list(), [account]);
    assert.deepEqual(forgotten, ['one', 'two', 'rest']);
  });
});
