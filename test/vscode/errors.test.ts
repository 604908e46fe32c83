import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import type { Locator } from 'playwright-core';
import { BoxliteStandIn } from '../clouds/boxlite/server';
import { eventually } from '../helpers/eventually';
import { addCloud } from './host/addCloud';
import { knownHosts } from './host/knownHosts';
import { useEditor } from './host/useEditor';
import type { Workbench } from './host/workbench';

describe('What goes wrong with a sandbox, in a real VS Code', function () {
  this.timeout(90_000);

  const editor = useEditor();
  /** HTTP method that the cloud forbids to this token. */
  let forbidden: string | undefined;
  /** Status that each deletion is refused with. */
  let deletionStatus: number | undefined;
  /** Whether the question what can be chosen for a sandbox is kept, unanswered. */
  let keepsQuestions = false;
  let question: ServerResponse | undefined;
  const quirks = {
    token: 'token',
    binaryOutput: true,
    startPolls: 0,
    intercept: (...[request, response]: Parameters<NonNullable<BoxliteStandIn['quirks']['intercept']>>) => {
      if (keepsQuestions && request.url === '/v1/config') {
        question = response;
        return true;
      }
      const status = request.method === 'DELETE' ? deletionStatus : undefined;
      if (status === undefined && request.method !== forbidden) return false;
      response.writeHead(status ?? 403).end();
      return true;
    },
  };
  const cloud = new BoxliteStandIn(quirks);
  let workbench: Workbench;

  before(async () => {
    ({ workbench } = editor);
    await cloud.start();
    cloud.addBox({ name: 'slow', status: 'stopped' });
    cloud.addBox({ name: 'broken', status: 'failed' });
    await workbench.openView('Cloud Sandboxes');
    await addCloud(workbench, cloud.url, 'token');
    await workbench.row('slow', 'stopped').waitFor();
  });
  after(() => cloud.stop());

  const terminals = (): Locator => workbench.page.locator('.terminal-wrapper');
  const starts = (): number => cloud.requests.filter((request) => request.endsWith('/start')).length;

  it('a cloud that is slow to say what can be chosen is waited for, until the person gives up', async () => {
    keepsQuestions = true;
    await workbench.runCommand('Cloud Sandboxes: Create Sandbox');
    const waiting = workbench.page.locator('.quick-input-widget:visible', { hasText: 'Create Sandbox' });
    await waiting.waitFor();
    await workbench.row('broken').click();
    await eventually(() => assert.ok(question));
    assert.equal(await waiting.count(), 1);
    await workbench.screenshot('create-waiting');

    await waiting.locator('input').first().press('Escape');
    await waiting.waitFor({ state: 'detached' });
    keepsQuestions = false;
    question?.writeHead(403).end();
  });

  it('a start says what it waits for, and can be given up; that is no error', async () => {
    quirks.startPolls = Infinity;
    await workbench.contextMenu(workbench.row('slow'), 'Open Terminal');
    const progress = workbench.notification('Opening a terminal in “slow”');
    await progress.getByText('starting it').waitFor();
    await workbench.row('slow', 'starting').waitFor();
    await workbench.screenshot('start-progress');
    await progress.getByRole('button', { name: 'Cancel' }).click();
    await progress.waitFor({ state: 'detached' });

    assert.equal(await workbench.notification('Cannot').count(), 0);
    assert.equal(await terminals().count(), 0);
    assert.equal(starts(), 1);
  });

  it('what the cloud is still doing is shown after that', async () => {
    await workbench.row('slow', 'starting').waitFor();
    quirks.startPolls = 0;
    cloud.boxes[0]!.status = 'running';
    await workbench.row('slow', 'running').waitFor();
  });

  it('a sandbox that does not start is named, with the cloud’s reason, and can be tried again', async () => {
    await workbench.contextMenu(workbench.row('broken'), 'Open Terminal');
    const failure = workbench.notification('Cannot open a terminal in “broken”');
    await failure.getByText('the box has failed').waitFor();
    await workbench.screenshot('start-failed');
    cloud.boxes[1]!.status = 'stopped';
    await failure.getByRole('button', { name: 'Retry' }).click();
    await workbench.row('broken', 'running, connected').waitFor();
    // It takes the focus, which would close a menu.
    await workbench.terminal().locator('.xterm.focus').waitFor();
  });

  it('a sandbox that may not be deleted stays, and why is said', async () => {
    deletionStatus = 403;
    await workbench.contextMenu(workbench.row('slow'), 'Delete Sandbox');
    await workbench.dialog().getByRole('button', { name: 'Delete' }).click();
    await workbench.notification('Cannot delete “slow”').getByRole('button', { name: 'Show Log' }).waitFor();
    await workbench.screenshot('delete-refused');
    await workbench.row('slow', 'running').waitFor();
  });

  it('a deletion that fails can be tried again, and is not asked for again', async () => {
    cloud.addBox({ name: 'busy', status: 'stopped' });
    deletionStatus = 409;
    await workbench.runCommand('Cloud Sandboxes: Delete Sandbox');
    await workbench.pick('busy');
    await workbench.dialog().getByRole('button', { name: 'Delete' }).click();
    const failure = workbench.notification('Cannot delete “busy”');
    await failure.waitFor();
    deletionStatus = undefined;
    await failure.getByRole('button', { name: 'Retry' }).click();
    await workbench.row('busy').waitFor({ state: 'detached' });

    assert.equal(await workbench.dialog().count(), 0);
  });

  it('a sandbox that cannot be stopped is running again in the list', async () => {
    forbidden = 'POST';
    await workbench.contextMenu(workbench.row('slow'), 'Stop Sandbox');
    await workbench.notification('Cannot stop “slow”').waitFor();
    await workbench.row('slow', 'running').waitFor();
    forbidden = undefined;
  });

  it('a cloud that does not answer is among what can be opened, and can be tried again from there', async () => {
    forbidden = 'GET';
    await workbench.runCommand('Cloud Sandboxes: Open Terminal');
    const retry = workbench.pickEntry('Retry');
    await retry.waitFor();
    await workbench.pickEntry('slow').waitFor();
    await workbench.screenshot('open-without-answer');
    forbidden = undefined;
    await retry.click();
    await workbench.row('Retry').waitFor({ state: 'detached' });
  });

  it('a sandbox that is gone from the cloud is gone from the list, and its SSH entry with it', async () => {
    assert.match(await knownHosts(editor.sshDir), /broken/);
    cloud.boxes.pop();
    await workbench.runCommand('Cloud Sandboxes: Refresh');
    await workbench.row('broken').waitFor({ state: 'detached' });
    await eventually(async () => assert.doesNotMatch(await knownHosts(editor.sshDir), /broken/));
  });

  it('a question for a sandbox says so where none fits', async () => {
    cloud.boxes[0]!.status = 'stopped';
    await workbench.runCommand('Cloud Sandboxes: Refresh');
    await workbench.row('slow', 'stopped').waitFor();
    await workbench.runCommand('Cloud Sandboxes: Stop Sandbox');
    await workbench.pickEntry('No sandbox can be stopped now').waitFor();
    await workbench.screenshot('pick-none');

    assert.equal(await workbench.pickEntry('Create Sandbox').count(), 0);
    await workbench.page.keyboard.press('Escape');
  });
});
