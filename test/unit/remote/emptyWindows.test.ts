import assert from 'node:assert/strict';
import * as path from 'node:path';
import { EmptyWindows, type WindowMemory } from '../../../src/remote/emptyWindows';
import { StateFile } from '../../../src/sandboxes/stateFile';
import { useTempDir } from '../../helpers/tempDir';

const web = 'web-abc.vscode.sbx';
const api = 'api-def.vscode.sbx';
const minuteMs = 60_000;

/** A window as it starts, in a process of its own: it knows of others only by the file. */
interface StartedWindow {
  readonly memory: WindowMemory;
  readonly identify: () => Promise<string | undefined>;
}

describe('A window that is open in a sandbox without a folder', () => {
  const temp = useTempDir();
  let now: number;

  beforeEach(() => {
    now = 1_000_000;
  });

  const emptyWindows = (): EmptyWindows =>
    new EmptyWindows(new StateFile(path.join(temp.path, 'state.json')), () => now);

  const expectWindow = (alias: string): Promise<void> => emptyWindows().expect(alias);

  function startWindow(memory: WindowMemory = createMemory()): StartedWindow {
    return { memory, identify: () => emptyWindows().identify(memory) };
  }

  it('is open in the sandbox that it was opened for', async () => {
    await expectWindow(web);
    now += 5_000;

    assert.equal(await startWindow().identify(), web);
  });

  it('knows that again each time it is loaded', async () => {
    await expectWindow(web);
    const { memory, identify } = startWindow();
    await identify();
    now += 600 * minuteMs;

    assert.equal(await startWindow(memory).identify(), web);
  });

  it('is one of ours only if we opened one', async () => {
    assert.equal(await startWindow().identify(), undefined);
  });

  it('does not become one of ours when it is loaded again while another is expected', async () => {
    const elsewhere = startWindow();
    await elsewhere.identify();
    await expectWindow(web);

    assert.equal(await startWindow(elsewhere.memory).identify(), undefined);
    assert.equal(await startWindow().identify(), web);
  });

  it('takes the word left for it from all others, however many start at once', async () => {
    await expectWindow(web);
    const windows = [startWindow(), startWindow(), startWindow()];
    const aliases = await Promise.all(windows.map((window) => window.identify()));

    assert.deepEqual(
      aliases.filter((alias) => alias !== undefined),
      [web],
    );
  });

  it('may be one of two that were opened in the same sandbox at once', async () => {
    await expectWindow(web);
    await expectWindow(web);

    assert.equal(await startWindow().identify(), web);
    assert.equal(await startWindow().identify(), web);
    assert.equal(await startWindow().identify(), undefined);
  });

  it('is of no sandbox rather than of the wrong one, where two are expected', async () => {
    await expectWindow(web);
    await expectWindow(api);

    assert.equal(await startWindow().identify(), undefined);
    assert.equal(await startWindow().identify(), undefined);
  });

  for (const { when, change } of [
    { when: 'was asked for long ago and never came', change: minuteMs + 1 },
    { when: 'was asked for before a clock was set back', change: -minuteMs },
  ]) {
    it(`is not taken for one that ${when}`, async () => {
      await expectWindow(web);
      now += change;

      assert.equal(await startWindow().identify(), undefined);
    });
  }

  it('keeps what it found out later', async () => {
    const { memory, identify } = startWindow();
    await identify();
    await emptyWindows().remember(memory, api);

    assert.equal(await startWindow(memory).identify(), api);
  });

  it('is not kept from starting by what others left in the store', async () => {
    await new StateFile(path.join(temp.path, 'state.json')).update('expected-windows', [{ alias: 7 }]);

    assert.equal(await startWindow().identify(), undefined);
  });
});

function createMemory(): WindowMemory {
  const values = new Map<string, unknown>();
  return {
    get: (key) => values.get(key),
    update: (key, value) => Promise.resolve(void values.set(key, value)),
  };
}
