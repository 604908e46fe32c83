import assert from 'node:assert/strict';
import { CloudError } from '../../../src/cloud/errors';
import { listAll } from '../../../src/cloud/listAll';
import { MemorySecretStore } from '../../../src/keys/secretStore';
import { accountId, type Account } from '../../../src/sandboxes/account';
import { AccountStore } from '../../../src/sandboxes/accountStore';
import { LocalCloudError } from '../../../src/sandboxes/localCloud';
import { SandboxList } from '../../../src/sandboxes/sandboxList';
import { FakeCloud } from '../../helpers/fakeCloud';
import { MemoryState } from '../../helpers/memoryState';

function accountAt(host: string): Account {
  const baseUrl = `https://${host}`;
  return { id: accountId('boxlite', baseUrl, 'ada'), provider: 'boxlite', baseUrl, user: 'ada', label: host };
}

const one = accountAt('one');
const two = accountAt('two');

describe('SandboxList', () => {
  let accounts: AccountStore;
  let clouds: Map<string, FakeCloud>;
  let list: SandboxList;

  beforeEach(async () => {
    accounts = new AccountStore(new MemoryState(), new MemorySecretStore());
    clouds = new Map([
      [one.id, new FakeCloud({ id: 'a', name: 'box 10', status: 'running' })],
      [two.id, new FakeCloud({ id: 'a', name: 'other', status: 'stopped' })],
    ]);
    await accounts.add(one, 'token');
    await accounts.add(two, 'token');
    list = new SandboxList({
      accounts,
      listSandboxes: (account, signal) => listAll(clouds.get(account.id)!, signal),
    });
  });

  afterEach(() => list.dispose());

  const names = (index: number): string[] => list.accounts[index]!.sandboxes.map(({ name }) => name);

  it('asks no cloud until somebody looks', () => {
    assert.deepEqual(
      [...clouds.values()].map(({ calls }) => calls.length),
      [0, 0],
    );
    assert.deepEqual(
      list.accounts.map(({ phase }) => phase),
      ['loading', 'loading'],
    );
  });

  it('keeps accounts apart, even with equal sandbox ids', async () => {
    await list.refresh();

    assert.equal(list.find(one.id, 'a')?.sandbox.name, 'box 10');
    assert.equal(list.find(two.id, 'a')?.sandbox.name, 'other');
  });

  it('shows one account’s failure without hiding another’s sandboxes', async () => {
    clouds.get(one.id)!.fail = new CloudError('unreachable', 'down');
    await list.refresh();

    assert.equal(list.accounts[0]?.error?.message, 'down');
    assert.deepEqual(names(1), ['other']);
  });

  it('shows what was in a local cloud that ended as stopped', async () => {
    await list.refresh();
    clouds.get(one.id)!.fail = new LocalCloudError('not-running', 'not running');
    await list.refresh();

    assert.deepEqual(
      list.accounts[0]?.sandboxes.map(({ status }) => status),
      ['stopped'],
    );
  });

  it('reports each complete list, and no failure', async () => {
    const listed: string[] = [];
    list.onDidList(({ account, sandboxes }) => listed.push(`${account.label} ${sandboxes.length}`));
    clouds.get(two.id)!.fail = new CloudError('unreachable', 'down');
    await list.refresh();

    assert.deepEqual(listed, ['one 1']);
  });

  it('shows those that run first, and those that are stopped last', async () => {
    const { sandboxes } = clouds.get(one.id)!;
    for (const [id, status] of [
      ['b', 'stopped'],
      ['c', 'starting'],
      ['d', 'failed'],
    ] as const) {
      sandboxes.set(id, { id, name: id, status });
    }
    await list.refresh();

    assert.deepEqual(names(0), ['box 10', 'c', 'd', 'b']);
  });

  it('describes an account by the same object while nothing changes', async () => {
    await list.refresh();
    const [before] = list.accounts;
    await list.refresh();
    assert.equal(list.accounts[0], before);

    const shown = list.showTransition({ account: one, sandbox: before!.sandboxes[0]! }, 'stopping');
    assert.notEqual(list.accounts[0], before);
    shown.dispose();
  });

  it('says how old the last good list is while the cloud fails', async () => {
    await list.refresh();
    assert.equal(list.accounts[0]?.listedAt, undefined);
    clouds.get(one.id)!.fail = new CloudError('unreachable', 'down');
    await list.refresh();

    assert.ok(list.accounts[0]?.listedAt);
  });

  it('shows what the later of two actions leads to', async () => {
    await list.refresh();
    const ref = list.find(one.id, 'a')!;
    const starting = list.showTransition(ref, 'starting');
    list.showTransition(ref, 'stopping');
    starting.dispose();

    assert.equal(list.find(one.id, 'a')?.sandbox.status, 'stopping');
  });

  it('sorts by name as people count', async () => {
    const { sandboxes } = clouds.get(one.id)!;
    sandboxes.set('b', { id: 'b', name: 'box 9', status: 'running' });
    await list.refresh();

    assert.deepEqual(names(0), ['box 9', 'box 10']);
  });

  it('refreshes one account alone when asked to', async () => {
    await list.refresh(two.id);

    assert.deepEqual(clouds.get(one.id)!.calls, []);
    assert.deepEqual(clouds.get(two.id)!.calls, ['list']);
  });

  it('drops an account that signed out', async () => {
    await list.refresh();
    await accounts.remove(one.id);

    assert.deepEqual(
      list.accounts.map(({ account }) => account.id),
      [two.id],
    );
    assert.equal(list.find(one.id, 'a'), undefined);
  });

  it('asks a failed account again when the accounts change: its token may be new', async () => {
    const cloud = clouds.get(one.id)!;
    cloud.fail = new CloudError('unauthenticated', 'expired');
    await list.refresh();
    cloud.fail = undefined;
    await accounts.add(one, 'new token');
    await list.refresh();

    assert.equal(list.accounts[0]?.phase, 'ready');
  });

  it('leaves a cloud alone that asked for it when the accounts are looked at again', async () => {
    const cloud = clouds.get(one.id)!;
    cloud.fail = new CloudError('rate-limited', 'slow down', { retryAfterMs: 60_000 });
    await list.refresh(one.id);
    const asked = cloud.calls.length;

    await accounts.recheck();

    assert.equal(cloud.calls.length, asked);
  });

  it('tells listeners of what is new', async () => {
    let changes = 0;
    list.onDidChange(() => changes++);
    await list.refresh();

    assert.equal(changes, 2);
  });
});
