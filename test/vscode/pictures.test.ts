import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import * as fs from 'node:fs/promises';
import { BoxliteStandIn } from '../clouds/boxlite/server';
import { addCloud } from './host/addCloud';
import { createSandbox, openCreateForm } from './host/createSandbox';
import { connectAsEditor, openInSandbox } from './host/sandboxWindow';
import { useEditor } from './host/useEditor';
import type { Workbench } from './host/workbench';

/** A reader downloads them all. */
const maxBytes = 150_000;

const pictures = ['readme-connected', 'readme-open', 'readme-diagnosis'];

describe('The pictures in the README', function () {
  this.timeout(90_000);

  const editor = useEditor({
    size: { width: 960, height: 560 },
    pixelRatio: 1.5,
    settings: { 'editor.minimap.enabled': false, 'editor.occurrencesHighlight': 'off' },
  });
  const cloud = new BoxliteStandIn({ token: 'token', binaryOutput: true });
  let workbench: Workbench;
  let ssh: ChildProcess | undefined;

  before(async () => {
    ({ workbench } = editor);
    await cloud.start();
    const stopsAt = new Date(Date.now() + 25 * 60_000).toISOString();
    Object.assign(cloud.addBox({ name: 'api', image: 'python:3.13' }), { stops_at: stopsAt });
    cloud.addBox({ name: 'nightly', image: 'node:24', status: 'stopped' });
  });
  after(async () => {
    ssh?.kill();
    await cloud.stop();
  });

  it('show what can be opened', async () => {
    await workbench.openView('Cloud Sandboxes');
    await workbench.clickInSideBar('Start Local Cloud');
    await openCreateForm(workbench);
    await createSandbox(workbench, 'web');
    await workbench.waitForTerminal(/[#$] ?\s*$/);
    await addCloud(workbench, cloud.url, 'token');
    await workbench.row('nightly', 'stopped').waitFor();
    await workbench.notification('Signing in').waitFor({ state: 'detached' });
    await workbench.runCommand('Cloud Sandboxes: Open Sandbox');
    await workbench.pickEntry('nightly').waitFor();
    await workbench.screenshot('readme-open');
    await workbench.page.keyboard.press('Escape');
  });

  it('show a window that is open in a sandbox, with a terminal', async () => {
    await openInSandbox(editor, 'web');
    ssh = await connectAsEditor(editor);
    await workbench.openView('Cloud Sandboxes');
    await workbench.resizeSideBar(380);
    await workbench.contextMenu(workbench.row('web'), 'Open Terminal');
    await workbench.waitForTerminal(/[#$] ?\s*$/);
    await workbench.typeInTerminal('echo "Hello from $(hostname)"');
    await workbench.waitForTerminal(/Hello from \w/);
    await workbench.row('web', 'running, connected').waitFor();
    const item = workbench.statusBarItem('cloud-sandboxes.cloud-sandboxes.connection');
    await item.getByText(/web: \d+ ms/).waitFor();
    await workbench.screenshot('readme-connected');
  });

  it('show a diagnosis', async () => {
    await workbench.page.setViewportSize({ width: 960, height: 700 });
    await workbench.runCommand('Cloud Sandboxes: Diagnose Connection');
    await workbench.pick('web');
    await workbench.page.getByRole('button', { name: 'Copy Report' }).waitFor();
    await workbench.runCommand('View: Toggle Primary Side Bar Visibility');
    await workbench.runCommand('View: Hide Panel');
    await hideMachine(workbench);
    // So much text takes many bytes.
    await workbench.screenshot('readme-diagnosis', 'css');
  });

  for (const name of pictures) {
    it(`are small: ${name}`, async () => {
      const { size } = await fs.stat(`test-results/${name}.png`);
      assert.ok(size < maxBytes, `it has ${size} bytes`);
    });
  }

  it('are all of them', async () => {
    const readme = await fs.readFile('README.md', 'utf8');
    const shown = [...readme.matchAll(/\(media\/([\w-]+)\.png\)/g)].map(([, name]) => name!);
    assert.deepEqual(shown, pictures);
  });
});

/** Shows in the report what any reader may have, in place of what the machine has that makes the picture. */
async function hideMachine(workbench: Workbench): Promise<void> {
  const lines = workbench.page.locator('.view-line > span');
  await lines.evaluateAll((shown: { textContent: string | null }[]) => {
    for (const line of shown) {
      const text = line.textContent ?? '';
      const neutral = text.replace(/\S*\/ssh\/config/, '~/.ssh/config').replace(/(Linux\s\d+\.\d+)\S*/, '$1');
      if (neutral !== text) line.textContent = neutral;
    }
  });
}
