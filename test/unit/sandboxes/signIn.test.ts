import assert from 'node:assert/strict';
import { MemorySecretStore } from '../../../src/keys/secretStore';
import { localAccount } from '../../../src/sandboxes/account';
import { AccountStore } from '../../../src/sandboxes/accountStore';
import { adoptLocalCloud } from '../../../src/sandboxes/signIn';
import { MemoryState } from '../../helpers/memoryState';

const running = { find: () => Promise.resolve({ url: 'http://127.0.0.1:4000', token: 't' }) };
const absent = { find: () => Promise.resolve(undefined) };

describe('adoptLocalCloud', () => {
  let accounts: AccountStore;
  beforeEach(() => {
    accounts = new AccountStore(new MemoryState(), new MemorySecretStore());
  });

  it('lists a local cloud that runs', async () => {
    await adoptLocalCloud(running, accounts);

    assert.deepEqual(accounts.list(), [localAccount]);
  });

  it('lists nothing while none runs', async () => {
    await adoptLocalCloud(absent, accounts);

    assert.deepEqual(accounts.list(), []);
  });

  it('leaves out what the user took off the list', async () => {
    await accounts.add(localAccount);
    await accounts.remove(localAccount.id);

    await adoptLocalCloud(running, accounts);

    assert.deepEqual(accounts.list(), []);
  });

  it('is in force again once the user has listed it again', async () => {
    await accounts.add(localAccount);
    await accounts.remove(localAccount.id);
    await accounts.add(localAccount);

    assert.equal(accounts.isLocalCloudDeclined(), false);
  });
});
