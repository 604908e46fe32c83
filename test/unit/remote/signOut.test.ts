import assert from 'node:assert/strict';
import { MemorySecretStore } from '../../../src/keys/secretStore';
import { SandboxBook } from '../../../src/remote/sandboxBook';
import { signOut, type SignOutOptions } from '../../../src/remote/signOut';
import type { RemovedSetup } from '../../../src/remote/sshAccess';
import { localAccount, type Account } from '../../../src/sandboxes/account';
import { AccountStore } from '../../../src/sandboxes/accountStore';
import { MemoryState } from '../../helpers/memoryState';

const account: Account = { id: 'x', provider: 'boxlite', baseUrl: 'https://h', user: 'ada', label: 'ada' };
const platforms = 'remote.SSH.remotePlatform';
const rest: RemovedSetup = {
  sandboxes: ['orphan'],
  settingsWithEntries: [platforms],
  config: { edited: ['/h/.ssh/config'], folder: '/h/.ssh/cloud-sandboxes', isShared: false },
  settings: [{ name: 'remote.SSH.connectTimeout', value: 15 }],
};

describe('signOut', () => {
  let accounts: AccountStore;
  let book: SandboxBook;
  let happened: string[];
  let broken: Set<string>;
  let options: SignOutOptions;

  beforeEach(async () => {
    const state = new MemoryState();
    accounts = new AccountStore(state, new MemorySecretStore());
    book = new SandboxBook(state);
    happened = [];
    broken = new Set();
    await accounts.add(account, 'secret');
    for (const alias of ['one', 'two'])
      await book.record({ alias, accountId: account.id, sandboxId: alias, name: alias });
    const take = async (what: string): Promise<void> => {
      if (broken.has(what)) throw new Error(`${what} is stuck`);
      happened.push(what);
      await book.forget(what);
    };
    options = {
      accounts,
      access: { forget: (id) => void happened.push(`close the client of ${id}`) },
      book,
      ssh: {
        forget: (alias) => take(alias).then(() => [platforms]),
        removeAll: () => take('rest').then(() => rest),
      },
    };
  });

  it('removes token, keys and account', async () => {
    await signOut(account, options);

    assert.deepEqual(happened, ['one', 'two', 'rest', 'close the client of x']);
    assert.deepEqual(accounts.list(), []);
    assert.equal(await accounts.token(account.id), undefined);
  });

  it('tells all that it removed', async () => {
    assert.deepEqual(await signOut(account, options), {
      ...rest,
      token: true,
      sandboxes: ['one', 'two', 'orphan'],
    });
  });

  it('leaves what all sandboxes share while another account is signed in', async () => {
    await accounts.add(localAccount);

    assert.deepEqual(await signOut(account, options), {
      token: true,
      sandboxes: ['one', 'two'],
      settingsWithEntries: [platforms],
      config: { edited: [], isShared: false },
      settings: [],
    });
    assert.ok(!happened.includes('rest'));
  });

  it('tells of nothing where there was nothing', async () => {
    await accounts.add(localAccount);

    assert.deepEqual(await signOut(localAccount, options), {
      token: false,
      sandboxes: [],
      settingsWithEntries: [],
      config: { edited: [], isShared: false },
      settings: [],
    });
  });

  it('goes on past what fails, tells all of it, and can be repeated', async () => {
    broken = new Set(['one', 'rest']);
    const message = 'Not all could be removed, sign out again: one is stuck; rest is stuck';
    await assert.rejects(signOut(account, options), { code: 'incomplete', message });
    assert.equal(await accounts.token(account.id), undefined);
    assert.deepEqual(happened, ['two', 'close the client of x']);
    assert.deepEqual(accounts.list(), [account]);

    broken.clear();
    await signOut(account, options);
    assert.deepEqual(accounts.list(), []);
  });

  it('keeps the account listed when its token cannot be deleted', async () => {
    accounts.deleteToken = () => Promise.reject(new Error('locked'));
    await assert.rejects(signOut(account, options), { code: 'incomplete' });

    assert.deepEqual(accounts.list(), [account]);
    assert.deepEqual(happened, ['one', 'two', 'rest', 'close the client of x']);
  });
});
