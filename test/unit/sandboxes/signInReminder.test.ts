import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { silentLogger } from '../../../src/base/logger';
import { CloudError } from '../../../src/cloud/errors';
import { MemorySecretStore } from '../../../src/keys/secretStore';
import { localAccount, type Account } from '../../../src/sandboxes/account';
import { AccountStore } from '../../../src/sandboxes/accountStore';
import { Emitter } from '../../../src/sandboxes/emitter';
import type { AccountSandboxes } from '../../../src/sandboxes/sandboxList';
import { SignInReminder } from '../../../src/sandboxes/signInReminder';
import { TokenRefusals } from '../../../src/sandboxes/tokenRefusals';
import { MemoryState } from '../../helpers/memoryState';

const account: Account = { id: 'x', provider: 'boxlite', baseUrl: 'https://h', user: 'ada', label: 'ada' };

/** The list of a window; `answers` are those of the cloud, the last one for good. */
class FakeList {
  readonly #changed = new Emitter<undefined>();
  readonly onDidChange = this.#changed.event;
  refreshes = 0;
  accounts: readonly AccountSandboxes[] = [];

  constructor(
    readonly account: Account,
    readonly answers: (Error | undefined)[],
  ) {}

  refresh(): Promise<void> {
    this.refreshes++;
    const error = this.answers.length > 1 ? this.answers.shift() : this.answers[0];
    const phase = error ? 'failed' : 'ready';
    this.accounts = [{ account: this.account, phase, sandboxes: [], ...(error && { error }) }];
    this.#changed.fire(undefined);
    return Promise.resolve();
  }

  /** Something else changed. */
  fire(): void {
    this.#changed.fire(undefined);
  }
}

describe('SignInReminder', () => {
  let state: MemoryState;
  let accounts: AccountStore;
  let asked: string[];

  beforeEach(async () => {
    state = new MemoryState();
    accounts = new AccountStore(state, new MemorySecretStore());
    await accounts.add(account, 'token');
    asked = [];
  });

  const refused = (): CloudError => new CloudError('unauthenticated', 'expired');

  // All is in memory, so that whatever follows from an answer has happened by the next turn of the event loop.

  /** A window that saw its cloud's first answer, and has dealt with it. */
  async function openWindow(name: string, of: Account, answers: (Error | undefined)[]): Promise<FakeList> {
    const list = new FakeList(of, answers);
    const refusals = new TokenRefusals(state, name);
    const ask = ({ id }: Account): Promise<void> => {
      asked.push(`${name} ${id}`);
      return Promise.resolve();
    };
    new SignInReminder({ accounts, list, refusals, ask, log: silentLogger });
    await list.refresh();
    await nextTurn();
    return list;
  }

  it('asks in one window only', async () => {
    await openWindow('one', account, [refused()]);
    await openWindow('two', account, [refused()]);

    assert.deepEqual(asked, ['one x']);
  });

  it('asks once however often the refusal is reported', async () => {
    const list = await openWindow('one', account, [refused()]);
    list.fire();
    await list.refresh();
    await nextTurn();

    assert.deepEqual(asked, ['one x']);
  });

  it('does not ask when the cloud accepts the token the next moment', async () => {
    const list = await openWindow('one', account, [refused(), undefined]);

    assert.equal(list.refreshes, 2);
    assert.deepEqual([asked, state.get('account:x')], [[], account]);
  });

  it('does not ask for a token that is not there: it is on its way from another window, or was deleted', async () => {
    await accounts.deleteToken(account.id);
    await openWindow('one', account, [refused()]);

    assert.deepEqual([asked, state.get('account:x')], [[], account]);
  });

  it('does not ask for an account that another window has signed out', async () => {
    const list = await openWindow('one', account, [undefined]);
    await state.update('account:x', undefined);
    list.answers[0] = refused();
    await list.refresh();
    await nextTurn();

    assert.deepEqual([asked, state.keys()], [[], []]);
  });

  for (const code of ['unreachable', 'forbidden'] as const) {
    it(`does not ask when the cloud is ${code}`, async () => {
      await openWindow('one', account, [new CloudError(code, 'no')]);

      assert.deepEqual([asked, state.get('account:x')], [[], account]);
    });
  }

  it('does not ask for a token of the local cloud', async () => {
    await accounts.add(localAccount);
    await openWindow('one', localAccount, [refused()]);

    assert.deepEqual([asked, state.get('account:local')], [[], localAccount]);
  });
});
