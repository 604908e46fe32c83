import assert from 'node:assert/strict';
import { MemorySecretStore } from '../../../src/keys/secretStore';
import { localAccount } from '../../../src/sandboxes/account';
import { AccountStore } from '../../../src/sandboxes/accountStore';
import { adoptLocalCloud } from '../../../src/sandboxes/signIn';
import { MemoryState } from '../../helpers/memoryState';

describe('adoptLocalCloud', () => {
  let accounts: AccountStore;
  beforeEach(() => {
    accounts = new AccountStore(new MemoryState(), new MemorySecretStore());
  });

  it('lists a local cloud that runs', async () => {
    await adoptLocalCloud(() => Promise.resolve(true), accounts);

    assert.deepEqual(accounts.list(), [localAccount]);
  });

  it('lists nothing while none runs', async () => {
    await adoptLocalCloud(() => Promise.resolve(false), accounts);

    assert.deepEqual(accounts.list(), []);
  });

  it('leaves out what the user took off the list', async () => {
    await accounts.add(localAccount);
    await accounts.remove(localAccount.id);

    await adoptLocalCloud(() => Promise.resolve(true), accounts);

    assert.deepEqual(accounts.list(), []);
  });

  it('is in force again once the user has listed it again', async () => {
    await accounts.add(localAccount);
    await accounts.remove(localAccount.id);
    await accounts.add(localAccount);

    assert.equal(accounts.isLocalCloudDeclined(), false);
  });
});
