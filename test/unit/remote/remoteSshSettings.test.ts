import assert from 'node:assert/strict';
import { RemoteSshSettings, type UserSettings } from '../../../src/remote/remoteSshSettings';
import { MemoryState } from '../../helpers/memoryState';

const platform = 'remote.SSH.remotePlatform';
const timeout = 'remote.SSH.connectTimeout';
const alias = 'web-aaaabbbbcccc.vscode.sbx';
const other = 'api-aaaabbbbcccc.vscode.sbx';

/** Settings of an editor that knows those with a default. */
class FakeSettings implements UserSettings {
  readonly user = new Map<string, unknown>();

  constructor(private readonly defaults: Readonly<Record<string, unknown>>) {}

  has(name: string): boolean {
    return name in this.defaults;
  }

  get(name: string): unknown {
    return this.user.get(name);
  }

  effective(name: string): unknown {
    return this.user.get(name) ?? this.defaults[name];
  }

  set(name: string, value: unknown): Promise<void> {
    assert.ok(this.has(name), `the editor does not know ${name}`);
    if (value === undefined) this.user.delete(name);
    else this.user.set(name, value);
    return Promise.resolve();
  }
}

describe('The settings of Remote-SSH', () => {
  let state: MemoryState;
  let editor: FakeSettings;
  let settings: RemoteSshSettings;

  function create(defaults: Readonly<Record<string, unknown>> = { [platform]: {}, [timeout]: 15 }): void {
    state = new MemoryState();
    editor = new FakeSettings(defaults);
    settings = new RemoteSshSettings(state, editor);
  }

  beforeEach(() => create());

  it('are named to the person before any of them is changed', async () => {
    assert.deepEqual(settings.unasked(), [
      { name: platform, value: 'linux', reach: 'each-sandbox' },
      { name: timeout, value: 240, reach: 'all-hosts' },
    ]);
    await settings.apply(alias);
    assert.deepEqual([...editor.user], []);
  });

  it('are asked about once, whatever the answer', async () => {
    await settings.decide(false);
    assert.deepEqual(settings.unasked(), []);
    await settings.apply(alias);
    assert.deepEqual([...editor.user], []);
  });

  it('are left out where the editor does not know them', async () => {
    create({});
    assert.deepEqual(settings.unasked(), []);
    await settings.decide(true);
    await settings.apply(alias);
    assert.deepEqual([...editor.user], []);
  });

  for (const seconds of [0, 240, 1800]) {
    it(`leave a time-out of ${seconds} s, which is long enough`, async () => {
      editor.user.set(timeout, seconds);
      assert.deepEqual(
        settings.unasked().map(({ name }) => name),
        [platform],
      );
      await settings.decide(true);
      await settings.apply(alias);
      assert.equal(editor.user.get(timeout), seconds);
    });
  }

  it('get an entry for each alias beside the user’s own', async () => {
    editor.user.set(platform, { mine: 'macOS' });
    await settings.decide(true);
    await settings.apply(alias);
    await settings.apply(other);
    assert.deepEqual(editor.user.get(platform), { mine: 'macOS', [alias]: 'linux', [other]: 'linux' });
  });

  it('lose the entry of a sandbox that is gone, which is told', async () => {
    await settings.decide(true);
    await settings.apply(alias);
    await settings.apply(other);
    assert.deepEqual(await settings.forget(alias), [platform]);
    assert.deepEqual(editor.user.get(platform), { [other]: 'linux' });
  });

  it('keep an entry that the person changed, and tell of none', async () => {
    await settings.decide(true);
    await settings.apply(alias);
    editor.user.set(platform, { [alias]: 'macOS' });
    assert.deepEqual(await settings.forget(alias), []);
    assert.deepEqual(editor.user.get(platform), { [alias]: 'macOS' });
  });

  it('are as before when all is changed back, which is told', async () => {
    editor.user.set(platform, { mine: 'macOS' });
    editor.user.set(timeout, 30);
    await settings.decide(true);
    await settings.apply(alias);
    assert.deepEqual(await settings.restore(), [
      { name: platform, value: { mine: 'macOS' } },
      { name: timeout, value: 30 },
    ]);
    assert.deepEqual(editor.user.get(platform), { mine: 'macOS' });
    assert.equal(editor.user.get(timeout), 30);
    assert.equal(settings.unasked().length, 2, 'the person is asked anew');
  });

  it('are not set at all when they were not before', async () => {
    await settings.decide(true);
    await settings.apply(alias);
    await settings.restore();
    assert.deepEqual([...editor.user], []);
  });

  it('stay where the person changed them since', async () => {
    await settings.decide(true);
    await settings.apply(alias);
    editor.user.set(platform, { [alias]: 'macOS' });
    editor.user.set(timeout, 60);
    assert.deepEqual(await settings.restore(), []);
    assert.deepEqual(editor.user.get(platform), { [alias]: 'macOS' });
    assert.equal(editor.user.get(timeout), 60);
  });

  it('are not raised again after the person lowered them', async () => {
    await settings.decide(true);
    await settings.apply(alias);
    editor.user.set(timeout, 20);
    await settings.apply(other);
    assert.equal(editor.user.get(timeout), 20);
  });

  it('are remembered by another window', async () => {
    await settings.decide(true);
    await settings.apply(alias);
    await new RemoteSshSettings(state, editor).restore();
    assert.deepEqual([...editor.user], []);
  });
});
