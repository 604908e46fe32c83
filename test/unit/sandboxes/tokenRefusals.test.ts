import assert from 'node:assert/strict';
import * as path from 'node:path';
import { MemorySecretStore } from '../../../src/keys/secretStore';
import type { Account } from '../../../src/sandboxes/account';
import { AccountStore } from '../../../src/sandboxes/accountStore';
import { StateFile } from '../../../src/sandboxes/stateFile';
import { TokenRefusals } from '../../../src/sandboxes/tokenRefusals';
import { useTempDir } from '../../helpers/tempDir';

const account: Account = { id: 'x', provider: 'boxlite', baseUrl: 'https://h', user: 'ada', label: 'ada' };
const minuteMs = 60_000;

describe('A token that a cloud refuses', () => {
  const temp = useTempDir();
  let now: number;
  let windows: TokenRefusals[];
  let accounts: AccountStore;

  beforeEach(async () => {
    now = 0;
    const open = (): StateFile => new StateFile(path.join(temp.path, 'state.json'));
    windows = ['one', 'two', 'three'].map((name) => new TokenRefusals(open(), name, () => now));
    accounts = new AccountStore(open(), new MemorySecretStore());
    await accounts.add(account, 'token');
  });

  it('is asked about by one window of several that see it at once', async () => {
    const claims = await Promise.all(windows.map((window) => window.claim(account.id)));

    assert.equal(claims.filter(Boolean).length, 1);
  });

  it('is asked about no more once the question was put away', async () => {
    await windows[0]!.claim(account.id);
    await windows[0]!.settle(account.id, 'asked');
    now += 60 * minuteMs;

    assert.equal(await windows[0]!.claim(account.id), false);
    assert.equal(await windows[1]!.claim(account.id), false);
  });

  it('is asked about by another window when the one that asked was closed', async () => {
    await windows[0]!.claim(account.id);
    now += 11 * minuteMs;

    assert.equal(await windows[1]!.claim(account.id), true);
  });

  it('is asked about by another window after the clock was set back', async () => {
    await windows[0]!.claim(account.id);
    now -= minuteMs;

    assert.equal(await windows[1]!.claim(account.id), true);
  });

  it('is asked about again when the refusal had been a passing one', async () => {
    await windows[0]!.claim(account.id);
    await windows[0]!.settle(account.id, 'unasked');

    assert.equal(await windows[1]!.claim(account.id), true);
  });

  it('leaves the account as it is', async () => {
    await windows[0]!.claim(account.id);
    await accounts.reload();

    assert.deepEqual(accounts.list(), [account]);
  });

  it('is another matter for each account', async () => {
    await accounts.add({ ...account, id: 'y' }, 'token');
    await windows[0]!.claim(account.id);

    assert.equal(await windows[1]!.claim('y'), true);
  });

  it('is asked about again when the next token is refused too', async () => {
    await windows[0]!.claim(account.id);
    await accounts.add(account, 'new token');
    await windows[0]!.settle(account.id, 'asked');

    assert.equal(await windows[1]!.claim(account.id), true);
  });

  it('is no matter any more, and leaves nothing behind, when the account is signed out', async () => {
    await windows[0]!.claim(account.id);
    await accounts.remove(account.id);
    await windows[0]!.settle(account.id, 'asked');

    assert.equal(await windows[1]!.claim(account.id), false);
    const state = new StateFile(path.join(temp.path, 'state.json'));
    await state.reload();
    assert.deepEqual(state.keys(), []);
  });
});
