import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { SecretStore } from '../../../src/base/secretStore';
import { DisposableStore, type Disposable } from '../../../src/base/disposable';
import { silentLogger } from '../../../src/base/logger';
import { CloudError } from '../../../src/cloud/errors';
import { MemorySecretStore } from '../../../src/keys/secretStore';
import { localAccount, type Account } from '../../../src/sandboxes/account';
import { AccountStore } from '../../../src/sandboxes/accountStore';
import { Emitter } from '../../../src/sandboxes/emitter';
import { followOtherWindows } from '../../../src/sandboxes/otherWindows';
import { SandboxList } from '../../../src/sandboxes/sandboxList';
import { SignInReminder } from '../../../src/sandboxes/signInReminder';
import { StateFile } from '../../../src/sandboxes/stateFile';
import { TokenRefusals } from '../../../src/sandboxes/tokenRefusals';
import { eventually } from '../../helpers/eventually';
import { useTempDir } from '../../helpers/tempDir';

const account: Account = { id: 'x', provider: 'boxlite', baseUrl: 'https://h', user: 'ada', label: 'ada' };

/** Secrets of one editor, each window of which hears of every change. */
class SharedSecrets implements SecretStore {
  readonly #secrets = new MemorySecretStore();
  readonly #changed = new Emitter<{ readonly key: string }>();
  readonly onDidChange = this.#changed.event;

  get(key: string): Promise<string | undefined> {
    return this.#secrets.get(key);
  }

  async store(key: string, value: string): Promise<void> {
    await this.#secrets.store(key, value);
    this.#changed.fire({ key });
  }

  async delete(key: string): Promise<void> {
    await this.#secrets.delete(key);
    this.#changed.fire({ key });
  }
}

interface Window {
  readonly accounts: AccountStore;
  readonly list: SandboxList;
}

/** Events that a test fires. */
class Events implements Disposable {
  readonly #owned = new DisposableStore();
  readonly created = this.#owned.add(new Emitter<unknown>());
  readonly changed = this.#owned.add(new Emitter<unknown>());
  readonly deleted = this.#owned.add(new Emitter<unknown>());
  readonly secret = this.#owned.add(new Emitter<{ readonly key: string }>());
  readonly focus = this.#owned.add(new Emitter<{ readonly focused: boolean }>());
  readonly options = {
    stateFile: {
      onDidCreate: this.created.event,
      onDidChange: this.changed.event,
      onDidDelete: this.deleted.event,
    },
    onDidChangeSecret: this.secret.event,
    onDidChangeFocus: this.focus.event,
  };

  dispose(): void {
    this.#owned.dispose();
  }
}

const occasions: { what: string; fire: (events: Events) => void; looks: string[] }[] = [
  { what: 'the file appears', fire: ({ created }) => created.fire(0), looks: ['reload'] },
  { what: 'the file changes', fire: ({ changed }) => changed.fire(0), looks: ['reload'] },
  { what: 'the file is gone', fire: ({ deleted }) => deleted.fire(0), looks: ['reload'] },
  { what: 'a token changes', fire: ({ secret }) => secret.fire({ key: 'token:x' }), looks: ['recheck'] },
  { what: 'another secret changes', fire: ({ secret }) => secret.fire({ key: 'keys:x' }), looks: [] },
  { what: 'the person comes', fire: ({ focus }) => focus.fire({ focused: true }), looks: ['recheck'] },
  { what: 'the person leaves', fire: ({ focus }) => focus.fire({ focused: false }), looks: [] },
];

describe('followOtherWindows', () => {
  for (const { what, fire, looks } of occasions) {
    it(`when ${what}, does this: ${looks.join() || 'nothing'}`, () => {
      const events = new Events();
      const done: string[] = [];
      const look = (how: string) => (): Promise<void> => Promise.resolve(void done.push(how));
      const accounts = { reload: look('reload'), recheck: look('recheck') };
      const following = followOtherWindows({ accounts, ...events.options, log: silentLogger });

      fire(events);
      following.dispose();
      fire(events);

      assert.deepEqual(done, looks);
    });
  }
});

describe('Two windows of one editor', () => {
  const temp = useTempDir();
  let owned: DisposableStore;
  let secrets: SharedSecrets;
  let goodToken: string;
  let asked: string[];
  let here: Window;
  let there: Window;

  beforeEach(async () => {
    owned = new DisposableStore();
    secrets = new SharedSecrets();
    goodToken = 'first';
    asked = [];
    here = await openWindow('here');
    there = await openWindow('there');
  });

  afterEach(() => owned.dispose());

  /** The parts of a window that have to do with accounts, as the extension composes them; its list is in sight. */
  async function openWindow(name: string): Promise<Window> {
    const state = new StateFile(path.join(temp.path, 'state.json'));
    await state.reload();
    const accounts = owned.add(new AccountStore(state, secrets));
    const list = owned.add(
      new SandboxList({
        accounts,
        listSandboxes: async ({ id }) => {
          if ((await accounts.token(id)) === goodToken) return [];
          throw new CloudError('unauthenticated', 'expired');
        },
      }),
    );
    list.setPace('full');
    const events = owned.add(new Events());
    const watcher = fs.watch(temp.path, (_, file) => file === 'state.json' && events.changed.fire(undefined));
    owned.defer(() => watcher.close());
    owned.add(
      followOtherWindows({
        accounts,
        ...events.options,
        onDidChangeSecret: secrets.onDidChange,
        log: silentLogger,
      }),
    );
    const refusals = new TokenRefusals(state, name);
    const ask = (): Promise<void> => Promise.resolve(void asked.push(name));
    owned.add(new SignInReminder({ accounts, list, refusals, ask, log: silentLogger }));
    return { accounts, list };
  }

  const phases = (): unknown[] =>
    [here, there].map(({ list }) => list.accounts.map((entry) => [entry.account.id, entry.phase]));

  async function signIn(): Promise<void> {
    await here.accounts.add(account, goodToken);
    await eventually(() => assert.deepEqual(phases(), [[['x', 'ready']], [['x', 'ready']]]));
  }

  it('both list an account that one signs in to, and ask nothing', async () => {
    await signIn();

    assert.deepEqual(asked, []);
  });

  it('both list the local cloud, which has no token to tell of it', async () => {
    await here.accounts.add(localAccount);

    await eventually(() => assert.deepEqual(there.accounts.list(), [localAccount]));
  });

  it('both lose an account that one signs out of, and ask nothing', async () => {
    await signIn();
    await here.accounts.remove(account.id);

    await eventually(() => assert.deepEqual(phases(), [[], []]));
    assert.deepEqual(asked, []);
  });

  it('ask once for a token that has expired, and are both healed by the answer', async () => {
    await signIn();
    goodToken = 'second';
    await Promise.all([here.list.refresh(), there.list.refresh()]);
    await eventually(() => assert.equal(asked.length, 1));
    assert.deepEqual(phases(), [[['x', 'failed']], [['x', 'failed']]]);

    await here.accounts.add(account, goodToken);

    await eventually(() => assert.deepEqual(phases(), [[['x', 'ready']], [['x', 'ready']]]));
    assert.equal(asked.length, 1);
  });

  it('list an account whose sign-in was cut short, ask nothing, and heal when one signs in again', async () => {
    await new StateFile(path.join(temp.path, 'state.json')).update('account:x', account);
    await eventually(() => assert.deepEqual(phases(), [[['x', 'failed']], [['x', 'failed']]]));

    await signIn();

    assert.deepEqual(asked, []);
  });
});
