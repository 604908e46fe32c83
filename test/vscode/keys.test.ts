import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import type { Locator } from 'playwright-core';
import { BoxliteStandIn } from '../clouds/boxlite/server';
import { eventually } from '../helpers/eventually';
import { addCloud } from './host/addCloud';
import { createSandbox } from './host/createSandbox';
import { useEditor } from './host/useEditor';
import type { Workbench } from './host/workbench';

describe('The keys of the tree in a real VS Code', function () {
  this.timeout(90_000);

  const editor = useEditor();
  const cloud = new BoxliteStandIn({ token: 'token' });
  /** The creation that is held until the test answers it. */
  let creation: ServerResponse | undefined;
  const emptyCloud = new BoxliteStandIn({
    token: 'token',
    intercept: (request, response) => {
      if (request.method === 'POST') creation = response;
      return request.method === 'POST';
    },
  });
  let workbench: Workbench;

  before(async () => {
    ({ workbench } = editor);
    await Promise.all([cloud.start(), emptyCloud.start()]);
    cloud.addBox({ name: 'box 1', status: 'stopped' });
    cloud.addBox({ name: 'box 2', status: 'stopped' });
    await workbench.openView('Cloud Sandboxes');
    await addCloud(workbench, cloud.url, 'token');
    await workbench.row('box 2', 'stopped').waitFor();
    await addCloud(workbench, emptyCloud.url, 'token');
    await workbench.row('Create a sandbox').waitFor();
  });
  after(() => Promise.all([cloud.stop(), emptyCloud.stop()]));

  const press = (key: string): Promise<void> => workbench.page.keyboard.press(key);
  const focused = (text: string): Locator =>
    workbench.row(text).and(workbench.page.locator('.monaco-list-row.focused'));
  const quickInput = (): Locator => workbench.page.locator('.quick-input-widget:visible');

  /** Resolves when all that keys before it started has come to a question or a request. */
  async function refreshByKey(): Promise<void> {
    const before = cloud.requests.length;
    await press('F5');
    await eventually(() => assert.ok(cloud.requests.length > before));
  }

  async function assertNothingAsked(): Promise<void> {
    assert.equal(await workbench.dialog().count(), 0);
    assert.equal(await quickInput().count(), 0);
  }

  it('act on the row that has the focus, not on the one that is selected', async () => {
    await workbench.row('box 2').click();
    await press('ArrowUp');
    await focused('box 1').waitFor();
    await press('Delete');
    await workbench.dialog().getByText('Delete the sandbox “box 1”?').waitFor();
    await workbench.screenshot('keys-delete');
    await press('Escape');
    await workbench.dialog().waitFor({ state: 'detached' });
  });

  it('leave the selection as it was', async () => {
    const selected = workbench.row('box').and(workbench.page.locator('.monaco-list-row.selected'));

    assert.deepEqual(await selected.locator('.label-name').allTextContents(), ['box 2']);
  });

  it('do nothing on a row that is no sandbox, not even what its click does', async () => {
    await workbench.row('box 2').click();
    await press('End');
    await focused('Create a sandbox').waitFor();
    await press('Delete');
    await press('Control+Enter');
    await refreshByKey();

    await assertNothingAsked();
  });

  it('do what a row’s click does by Enter', async () => {
    await workbench.row('box 2').click();
    await press('End');
    await focused('Create a sandbox').waitFor();
    await press('Enter');
    await quickInput().getByText('Create Sandbox').first().waitFor();
  });

  it('do nothing on a sandbox that is being created', async () => {
    await createSandbox(workbench, 'coming');
    await workbench.row('coming', 'creating').click();
    await press('Delete');
    await press('Enter');
    await press('Control+Enter');
    await refreshByKey();

    await assertNothingAsked();
    assert.equal(await workbench.notification('Cannot open').count(), 0);
    assert.deepEqual(
      emptyCloud.requests.filter((request) => request.startsWith('DELETE')),
      [],
    );
    await workbench.screenshot('keys-creating');
    creation?.writeHead(403).end();
    await workbench.notification('Cannot create the sandbox').waitFor();
  });

  it('open a sandbox by Enter', async () => {
    await workbench.row('box 2').click();
    await press('ArrowUp');
    await focused('box 1').waitFor();
    await press('Enter');
    await workbench.notification('cannot open a sandbox as a folder').waitFor();
  });
});
