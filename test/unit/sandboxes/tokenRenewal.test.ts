import assert from 'node:assert/strict';
import * as path from 'node:path';
import { CloudError } from '../../../src/cloud/errors';
import { MemorySecretStore } from '../../../src/keys/secretStore';
import type { Account } from '../../../src/sandboxes/account';
import { AccountStore } from '../../../src/sandboxes/accountStore';
import { SandboxList } from '../../../src/sandboxes/sandboxList';
import { StateFile } from '../../../src/sandboxes/stateFile';
import { eventually } from '../../helpers/eventually';
import { useTempDir } from '../../helpers/tempDir';

const account: Account = { id: 'x', provider: 'boxlite', baseUrl: 'https://h', user: 'ada', label: 'ada' };

interface Window {
  readonly accounts: AccountStore;
  readonly list: SandboxList;
}

describe('A new token, given in one window', () => {
  const temp = useTempDir();
  let windows: Window[] = [];
  afterEach(() => windows.forEach(({ list }) => list.dispose()));

  it('heals the list of another, once that hears of the change', async () => {
    const secrets = new MemorySecretStore();
    const open = async (): Promise<Window> => {
      const accounts = new AccountStore(new StateFile(path.join(temp.path, 'state.json')), secrets);
      await accounts.reload();
      const listSandboxes = async ({ id }: Account): Promise<[]> => {
        if ((await accounts.token(id)) === 'good') return [];
        throw new CloudError('unauthenticated', 'expired');
      };
      return { accounts, list: new SandboxList({ accounts, listSandboxes }) };
    };
    const here = await open();
    await here.accounts.add(account, 'expired');
    const there = await open();
    windows = [here, there];
    await Promise.all(windows.map(({ list }) => list.refresh()));
    assert.deepEqual(phases(), ['failed', 'failed']);

    await here.accounts.add(account, 'good');
    await there.accounts.reload();

    await eventually(() => assert.deepEqual(phases(), ['ready', 'ready']));
  });

  const phases = (): (string | undefined)[] => windows.map(({ list }) => list.accounts[0]?.phase);
});
