import assert from 'node:assert/strict';
import { BoxliteStandIn } from '../clouds/boxlite/server';
import { addCloud } from './host/addCloud';
import { contrast } from './host/contrast';
import { useEditor } from './host/useEditor';
import type { Workbench } from './host/workbench';

/** One sandbox in each state that a cloud may report, and names that are hard to show. */
const sandboxes = [
  { name: 'web', status: 'running', state: 'running' },
  { name: 'waking', status: 'starting', state: 'starting' },
  { name: 'resting', status: 'stopped', state: 'stopped' },
  { name: 'ending', status: 'stopping', state: 'stopping' },
  { name: 'broken', status: 'failed', state: 'failed' },
  { name: 'strange', status: 'no such state', state: 'state unknown' },
  { name: 'a-name-that-goes-on-and-on-and-on-and-on-and-on', status: 'running', state: 'running' },
  { name: '☃ שלום <b>', status: 'stopped', state: 'stopped' },
];

/** WCAG 2.2, success criteria 1.4.11 and 1.4.3. */
const leastContrast = { icon: 3, text: 4.5 };

const themes = [
  { name: 'light', theme: 'Light Modern', className: 'vs' },
  { name: 'dark', theme: 'Dark Modern', className: 'vs-dark' },
  { name: 'high-contrast', theme: 'Dark High Contrast', className: 'hc-black' },
  { name: 'high-contrast-light', theme: 'Light High Contrast', className: 'hc-light' },
];

describe('What a person sees in a real VS Code', function () {
  this.timeout(90_000);

  const editor = useEditor();
  const cloud = new BoxliteStandIn({ token: 'token' });
  let workbench: Workbench;

  before(async () => {
    ({ workbench } = editor);
    await cloud.start();
    for (const { name, status } of sandboxes) cloud.addBox({ name, status });
    await workbench.openView('Cloud Sandboxes');
    await addCloud(workbench, cloud.url, 'token');
    await workbench.row('web', 'running').waitFor();
  });
  after(() => cloud.stop());

  for (const { name, theme, className } of themes) {
    it(`stands out from the background in the theme ${theme}`, async () => {
      await workbench.chooseTheme(theme);
      await workbench.page.locator(`.monaco-workbench.${className}`).waitFor();
      await workbench.screenshot(`look-${name}`);
      const sideBar = workbench.page.locator('.part.sidebar');
      for (const { name, state } of sandboxes) {
        const row = workbench.row(name, state);
        const icon = await contrast(row.locator('.custom-view-tree-node-item-icon'), sideBar);
        const text = await contrast(row.locator('.label-name'), sideBar);
        assert.ok(icon >= leastContrast.icon, `the icon of "${name}" has a contrast of ${icon}`);
        assert.ok(text >= leastContrast.text, `the name "${name}" has a contrast of ${text}`);
      }
    });
  }

  it('tells each state to a screen reader', async () => {
    for (const { name, state } of sandboxes) {
      const label = await workbench.row(name, state).getAttribute('aria-label');
      assert.ok(label?.startsWith(`${name}, ${state}`), `a row is called "${label}"`);
    }
  });

  it('tells states that last by the shape of their icons, not by colour alone', async () => {
    const icons = new Map<string, string>();
    for (const { name, state } of sandboxes) {
      const icon = workbench.row(name, state).locator('.custom-view-tree-node-item-icon');
      const [, shape = ''] =
        /codicon-(?!modifier)([\w-]+)/.exec((await icon.getAttribute('class')) ?? '') ?? [];
      icons.set(state, shape);
    }
    const lasting = ['running', 'stopped', 'failed', 'state unknown'].map((state) => icons.get(state));
    assert.equal(new Set(lasting).size, lasting.length, lasting.join());
  });

  it('keeps names readable in a narrow side bar', async () => {
    await workbench.resizeSideBar(150);
    const sideBar = (await workbench.page.locator('.part.sidebar').boundingBox())!;
    assert.ok(sideBar.width < 200, `it is ${sideBar.width} wide`);
    for (const name of ['web', 'resting', 'broken']) {
      const label = (await workbench.row(name).locator('.label-name').boundingBox())!;
      assert.ok(label.x + label.width < sideBar.x + sideBar.width, `the name ${name} is cut off`);
    }
    await workbench.screenshot('look-narrow');
  });

  it('fits into the window at a zoom of 200 %', async () => {
    await workbench.zoom(2);
    await workbench.row('web', 'running').waitFor();
    await workbench.screenshot('look-zoom');
    await workbench.runCommand('Cloud Sandboxes: Open Sandbox');
    await workbench.pickEntry('web').waitFor();
    await workbench.screenshot('look-zoom-pick');
    await workbench.page.keyboard.press('Escape');
    await workbench.contextMenu(workbench.row('web'), 'Delete Sandbox');
    await workbench.dialog().getByRole('button', { name: 'Delete' }).waitFor();
    await workbench.screenshot('look-zoom-dialog');
  });
});
