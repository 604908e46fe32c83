import assert from 'node:assert/strict';
import { silentLogger } from '../../../src/base/logger';
import { CloudError } from '../../../src/cloud/errors';
import { localAccount, type Account } from '../../../src/sandboxes/account';
import { Emitter } from '../../../src/sandboxes/emitter';
import type { AccountSandboxes } from '../../../src/sandboxes/sandboxList';
import { SignInReminder } from '../../../src/sandboxes/signInReminder';
import { TokenRefusals } from '../../../src/sandboxes/tokenRefusals';
import { eventually } from '../../helpers/eventually';
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
  let asked: string[];

  beforeEach(() => {
    state = new MemoryState();
    asked = [];
  });

  const refused = (): CloudError => new CloudError('unauthenticated', 'expired');

  /** A window that saw its cloud's first answer, and has dealt with it. */
  async function openWindow(name: string, of: Account, answers: (Error | undefined)[]): Promise<FakeList> {
    const list = new FakeList(of, answers);
    const claims = { open: 0 };
    const refusals = new TokenRefusals(state, name);
    const counted = {
      claim: (id: string) => {
        claims.open++;
        return refusals.claim(id).finally(() => claims.open--);
      },
      settle: (id: string, outcome: 'asked' | 'unasked') => refusals.settle(id, outcome),
    };
    const ask = ({ id }: Account): Promise<void> => {
      asked.push(`${name} ${id}`);
      return Promise.resolve();
    };
    new SignInReminder({ list, refusals: counted, ask, log: silentLogger });
    await list.refresh();
    await eventually(() => assert.equal(claims.open, 0));
    return list;
  }

  it('asks in one window only', async () => {
    await openWindow('one', account, [refused()]);
    await openWindow('two', account, [refused()]);

    await eventually(() => assert.deepEqual(asked, ['one x']));
  });

  it('asks once however often the refusal is reported', async () => {
    const list = await openWindow('one', account, [refused()]);
    list.fire();
    await list.refresh();

    await eventually(() => assert.deepEqual(asked, ['one x']));
  });

  it('does not ask when the cloud accepts the token the next moment', async () => {
    const list = await openWindow('one', account, [refused(), undefined]);

    await eventually(() => assert.equal(list.refreshes, 2));
    await eventually(() => assert.deepEqual(state.keys(), []));
    assert.deepEqual(asked, []);
  });

  for (const code of ['unreachable', 'forbidden'] as const) {
    it(`does not ask when the cloud is ${code}`, async () => {
      await openWindow('one', account, [new CloudError(code, 'no')]);

      assert.deepEqual([asked, state.keys()], [[], []]);
    });
  }

  it('does not ask for a token of the local cloud', async () => {
    await openWindow('one', localAccount, [refused()]);

    assert.deepEqual([asked, state.keys()], [[], []]);
  });
});
