import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import { eventually } from '../helpers/eventually';
import { addCloud, giveAddress } from './host/addCloud';
import { createSandbox, openCreateForm } from './host/createSandbox';
import { knownHosts } from './host/knownHosts';
import { endLocalCloud, localCloudApi } from './host/localCloud';
import { calculateInTerminal } from './host/terminal';
import { useEditor } from './host/useEditor';
import type { Workbench } from './host/workbench';

const name = 'my “first” box';

describe('The extension in a real VS Code', function () {
  this.timeout(90_000);

  const editor = useEditor();
  let workbench: Workbench;
  before(() => ({ workbench } = editor));

  it('welcomes a person who has no cloud yet', async () => {
    await workbench.openView('Cloud Sandboxes');
    await workbench.page.getByText('no account needed').waitFor();
    await workbench.screenshot('1-welcome');
  });

  it('is no dead end for who signs out of nothing', async () => {
    await workbench.runCommand('Cloud Sandboxes: Sign Out');
    await workbench.clickNotification('You are signed in to no cloud', 'Add Cloud');
    await workbench.pickEntry('BoxLite').waitFor();
    await workbench.page.keyboard.press('Escape');
    await workbench.pickEntry('BoxLite').waitFor({ state: 'hidden' });
  });

  it('starts the local cloud from the welcome text', async () => {
    await workbench.clickInSideBar('Start Local Cloud');
    await workbench.row('This computer').waitFor();
    await workbench.row('Create a sandbox').waitFor();
    await workbench.screenshot('2-local-cloud');
  });

  it('creates a sandbox, which appears running', async () => {
    await openCreateForm(workbench);
    await createSandbox(workbench, name);
    await workbench.row(name, 'running').waitFor();
    await workbench.screenshot('3-created');
  });

  it('has a terminal in it, through the real ssh, as soon as it is ready', async () => {
    await calculateInTerminal(workbench);
    await workbench.screenshot('4-terminal');
  });

  it('shows the connection in the tree, and in no status bar but a sandbox’s own', async () => {
    await workbench.row(name, 'running, connected').waitFor();
    assert.equal(await workbench.statusBarItem('cloud-sandboxes.cloud-sandboxes.connection').count(), 0);
  });

  it('leaves the user’s SSH configuration alone for a terminal', async () => {
    assert.deepEqual(await fs.readdir(editor.sshDir), ['cloud-sandboxes']);
  });

  it('offers a terminal where a browser cannot open the sandbox as a folder', async () => {
    await workbench.runCommand('Cloud Sandboxes: Open Sandbox');
    await workbench.pickEntry(name).waitFor();
    await workbench.screenshot('5-quick-pick');
    await workbench.pick(name);
    await workbench.notification('cannot open a sandbox as a folder').waitFor();
    await workbench.screenshot('6-browser');
  });

  it('refuses a cloud that does not answer, and keeps nothing', async () => {
    await addCloud(workbench, 'http://127.0.0.1:9', 'wrong-token');
    await workbench.notification('Cannot add the cloud').waitFor();
    await workbench.screenshot('7-add-cloud');
    assert.equal(await workbench.row('127.0.0.1:9').count(), 0);
  });

  it('asks before a token goes unencrypted to another computer', async () => {
    await giveAddress(workbench, 'http://cloud.invalid');
    await workbench.dialog().getByText('Send the token to cloud.invalid without encryption?').waitFor();
    await workbench.screenshot('7-unencrypted');
    await workbench.dialog().getByRole('button', { name: 'Cancel' }).click();
    await workbench.dialog().waitFor({ state: 'detached' });
    assert.equal(await workbench.page.getByText('(2/2)').count(), 0);
  });

  it('says why its terminal has ended when somebody else stops it, and opens another', async () => {
    const api = await localCloudApi(editor.cloudDir);
    const [box] = (await api.call('GET', '/boxes')).body.boxes;
    await api.call('POST', `/boxes/${box!.box_id}/stop`);

    const notification = `Lost the terminal in “${name}”`;
    await workbench
      .notification(notification)
      .getByText(/stopped|stopping/)
      .waitFor();
    await workbench.screenshot('8-lost-terminal');
    await workbench.row(name, 'stopped').waitFor();
    await workbench.clickNotification(notification, 'Open Terminal');
    await calculateInTerminal(workbench);
  });

  it('stops the sandbox', async () => {
    await workbench.contextMenu(workbench.row(name), 'Stop Sandbox');
    await workbench.row(name, 'stopped ·').waitFor();
    // Its terminal ends with it, and the focus moves, which would close a menu.
    await workbench.terminal().waitFor({ state: 'detached' });
    await workbench.screenshot('8-stopped');
    assert.equal(await workbench.notification('Lost the terminal').count(), 0);
  });

  it('deletes it after a question that names it', async () => {
    await workbench.contextMenu(workbench.row(name), 'Delete Sandbox');
    await workbench.dialog().getByText('Delete the sandbox “my “first” box”?').waitFor();
    await workbench.screenshot('9-delete');
    await workbench.dialog().getByRole('button', { name: 'Delete' }).click();
    await workbench.row('Create a sandbox').waitFor();
    await eventually(async () => assert.doesNotMatch(await knownHosts(editor.sshDir), /\.sbx/));
  });

  it('says that the local cloud has ended, and starts it when asked to', async () => {
    await endLocalCloud(editor.cloudDir);
    const row = workbench.row('Start Local Cloud', 'not running');
    await row.waitFor();
    await workbench.screenshot('10-not-running');
    await row.click();
    await workbench.row('Create a sandbox').waitFor();
  });

  it('signs out of the local cloud, and leaves nothing for ssh without an account', async () => {
    await workbench.contextMenu(workbench.row('This computer'), 'Sign Out');
    await workbench.page.getByText('no account needed').waitFor();
    await eventually(() => assert.ok(!existsSync(editor.sshDir)));
  });
});
