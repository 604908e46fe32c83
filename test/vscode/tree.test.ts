import assert from 'node:assert/strict';
import type { Locator } from 'playwright-core';
import type { StandInBox } from '../clouds/boxlite/options';
import { BoxliteStandIn } from '../clouds/boxlite/server';
import { eventually } from '../helpers/eventually';
import { addCloud } from './host/addCloud';
import { useEditor } from './host/useEditor';
import type { Workbench } from './host/workbench';

const count = 1_000;
const runningCount = 3;

describe('The tree in a real VS Code', function () {
  this.timeout(90_000);

  const editor = useEditor();
  let isDown = false;
  /** How often it was asked while it was down. */
  let refusals = 0;
  const cloud = new BoxliteStandIn({
    token: 'token',
    binaryOutput: true,
    intercept: (_request, response) => {
      if (isDown) {
        refusals++;
        response.writeHead(503).end();
      }
      return isDown;
    },
  });
  let workbench: Workbench;

  before(async () => {
    ({ workbench } = editor);
    await cloud.start();
    for (let index = 1; index <= count; index++) {
      const status = index > count - runningCount ? 'running' : 'stopped';
      cloud.addBox({ name: `box ${index}`, status });
    }
  });
  after(() => cloud.stop());

  const box = (name: string): StandInBox => cloud.boxes.find((candidate) => candidate.name === name)!;
  const rows = (): Locator => workbench.page.locator('.part.sidebar .monaco-list-row');
  const labels = (): Promise<string[]> => rows().locator('.monaco-icon-label .label-name').allTextContents();
  const badge = (): Locator =>
    workbench.page.locator('.activitybar .action-item', {
      has: workbench.page.locator('[aria-label^="Cloud Sandboxes"]'),
    });

  it('shows a thousand sandboxes, those that run first', async () => {
    await workbench.openView('Cloud Sandboxes');
    await addCloud(workbench, cloud.url, 'token');
    await workbench.row('box 998', 'running').waitFor();

    assert.deepEqual((await labels()).slice(1, 6), ['box 998', 'box 999', 'box 1000', 'box 1', 'box 2']);
    await workbench.screenshot('tree-thousand');
  });

  it('counts the running ones in the side bar’s badge', async () => {
    await badge().getByText(String(runningCount), { exact: true }).waitFor();
  });

  it('says how long an idle sandbox has left', async () => {
    const stopsAt = new Date(Date.now() + 11.5 * 60_000).toISOString();
    Object.assign(box('box 998'), { stops_at: stopsAt });
    await workbench.row('box 998', 'stops in 12 min').waitFor();
    await workbench.screenshot('tree-time-left');
  });

  it('keeps the list when the cloud fails, says so, and tries again when asked to', async () => {
    isDown = true;
    const retry = workbench.row('Retry', 'list from');
    await retry.waitFor();
    await workbench.row('box 998', 'running').waitFor();
    await workbench.screenshot('tree-failed');
    const asked = refusals;
    await retry.click();
    await eventually(() => assert.ok(refusals > asked));
    isDown = false;
    await retry.waitFor({ state: 'detached' });
  });

  it('filters while the person types', async () => {
    await workbench.runCommand('Cloud Sandboxes: Filter Sandboxes');
    const input = workbench.page.locator('.quick-input-widget input').first();
    await input.fill('box 77');
    await workbench.page.getByText('19 of 1000 sandboxes').first().waitFor();
    await eventually(async () => assert.equal((await labels()).length, 20));
    await workbench.screenshot('tree-filter-typing');
    await input.fill('box 77 running');
    await workbench.page.getByText('0 of 1000 sandboxes').first().waitFor();
    await input.fill('box 77');
    await input.press('Enter');
    await workbench.page.getByText('Filter “box 77”: 19 of 1000 sandboxes').waitFor();
    await workbench.row('box 779').waitFor();
    await workbench.screenshot('tree-filter');
  });

  it('groups by status, and keeps the filter', async () => {
    await workbench.runCommand('Cloud Sandboxes: Group by Status');
    await workbench.row('Stopped', '19').waitFor();
    await workbench.runCommand('Cloud Sandboxes: Clear Filter');
    await workbench.row('Running', '3').waitFor();
    await workbench.screenshot('tree-by-status');
    await workbench.runCommand('Cloud Sandboxes: Group by Account');
    await workbench.row('Running', '3').waitFor({ state: 'detached' });
  });

  it('shows a connection under its sandbox: what it is, its round trip, since when', async () => {
    await workbench.contextMenu(workbench.row('box 998'), 'Open Terminal');
    await workbench.row('box 998', 'running, connected').waitFor();
    await workbench.expand(workbench.row('box 998'));
    await workbench.row('Terminal in this window', 'since').waitFor();
    await workbench.row('Terminal in this window', ' ms ').waitFor();
    await workbench.screenshot('tree-connection');
  });

  it('names each row and its state to a screen reader', async () => {
    const row = workbench.row('box 1000');

    assert.equal(await row.getAttribute('aria-label'), 'box 1000, running · alpine:latest');
    for (const action of await row.locator('.actions .action-label').all()) {
      assert.match((await action.getAttribute('aria-label')) ?? '', /\w/);
    }
  });
});
