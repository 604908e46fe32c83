import assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { BoxliteStandIn } from '../clouds/boxlite/server';
import { eventually } from '../helpers/eventually';
import { addCloud } from './host/addCloud';
import { calculateInTerminal } from './host/terminal';
import { useEditor } from './host/useEditor';
import type { Workbench } from './host/workbench';

const walkthroughSteps = [
  { title: 'Try a sandbox on this computer', picture: 'try' },
  { title: 'Sign in to your cloud', picture: 'cloud' },
  { title: 'Open a sandbox', picture: 'open' },
  { title: 'See how the connection is doing', picture: 'connection' },
];

describe('A person’s first run and accounts in a real VS Code', function () {
  this.timeout(90_000);

  const editor = useEditor();
  const quirks = { token: 'first' };
  const cloud = new BoxliteStandIn(quirks);
  let workbench: Workbench;
  let other: Workbench;
  before(async () => {
    ({ workbench } = editor);
    await cloud.start();
    cloud.addBox({ name: 'far-away' });
  });
  after(() => cloud.stop());

  const stateFile = (): string => {
    const storage = path.join(editor.dir, 'vscode', 'data', 'User', 'globalStorage');
    return path.join(storage, 'cloud-sandboxes.cloud-sandboxes', 'state.json');
  };

  it('is welcomed with what works in this editor', async () => {
    await workbench.openView('Cloud Sandboxes');
    await workbench.page.getByText('no account needed').waitFor();
    await workbench.page.getByText('sandboxes open here as terminals').waitFor();
    assert.equal(await workbench.page.getByText('Install Remote-SSH').count(), 0);
  });

  it('is led by a walkthrough, each step with its picture', async () => {
    const narrow = workbench.page.viewportSize()!;
    // In a narrow editor VS Code leaves the pictures out.
    await workbench.page.setViewportSize({ width: 1700, height: 900 });
    await workbench.runCommand('Cloud Sandboxes: Get Started');
    const pictures = workbench.page.frameLocator('iframe.webview').frameLocator('#active-frame');
    for (const { title, picture } of walkthroughSteps) {
      const step = workbench.page.locator('.getting-started-step').filter({ hasText: title });
      await step.locator('.step-title').click();
      await pictures.locator(`svg#${picture}`).waitFor();
      await workbench.screenshot(`walkthrough-${picture}`);
    }
    await workbench.page.setViewportSize(narrow);
  });

  it('has a shell in a sandbox with one click, and no account', async () => {
    other = await workbench.openWindow();
    await other.openView('Cloud Sandboxes');
    await other.page.getByText('no account needed').waitFor();
    await workbench.clickInSideBar('Try a Sandbox on This Computer');
    await calculateInTerminal(workbench);
    await workbench.row('This computer').waitFor();
    await workbench.screenshot('first-run-shell');
  });

  it('has the local cloud in the other window too, at once', async () => {
    await other.row('This computer').waitFor();
  });

  it('signs in to a cloud, beside the local one', async () => {
    await addCloud(workbench, cloud.url, quirks.token);
    await workbench.row('far-away', 'running').waitFor();
    await workbench.row('This computer').waitFor();
    await workbench.screenshot('two-accounts');
  });

  it('has that cloud in the other window too, without a question', async () => {
    await other.row('ann@example.org').waitFor();
    assert.equal(await other.notification('refuses the token').count(), 0);
  });

  it('is asked for a new token when the old one is refused, in one window of two', async () => {
    await readSecrets(other);
    await other.row('far-away').waitFor();
    quirks.token = 'second';
    // A question is gone from sight after some seconds, so those that ever were there are counted.
    const asking = new Set<Workbench>();
    const look = async (): Promise<void> => {
      for (const window of [workbench, other])
        if ((await window.notification('refuses the token').count()) > 0) asking.add(window);
    };
    const isOver = new AbortController();
    const watching = repeat(look, isOver.signal);
    try {
      await workbench.runCommand('Cloud Sandboxes: Refresh');
      await other.runCommand('Cloud Sandboxes: Refresh');
      await workbench.row('Sign in again').waitFor();
      await other.row('Sign in again').waitFor();
      await eventually(() => assert.equal(asking.size, 1));
      await workbench.screenshot('token-refused');
      await other.runCommand('Cloud Sandboxes: Refresh');
    } finally {
      isOver.abort();
      await watching;
    }
    assert.equal(asking.size, 1);
  });

  it('keeps the last list in sight meanwhile', async () => {
    assert.equal(await workbench.row('far-away').count(), 1);
  });

  it('is told when the new token is refused too', async () => {
    await workbench.row('Sign in again').click();
    await workbench.answer('Sign In Again', 'wrong');
    await workbench.notification('Still signed out of').waitFor();
    await workbench.screenshot('wrong-token');
  });

  it('has the account back with the right token, and is asked for the token alone', async () => {
    await workbench.clickNotification('Still signed out of', 'Sign In Again');
    await workbench.answer('Sign In Again', quirks.token);
    await workbench.row('Sign in again').waitFor({ state: 'detached' });
    await workbench.row('far-away', 'running').waitFor();
  });

  it('has it back in the other window too', async () => {
    await readSecrets(other);
    await other.row('Sign in again').waitFor({ state: 'detached' });
    await other.row('far-away', 'running').waitFor();
  });

  it('hears what a sign-out removed', async () => {
    await workbench.contextMenu(workbench.row('ann@example.org'), 'Sign Out');
    await workbench
      .notification(/Signed out of 127\.0\.0\.1:\d+\. Removed from this computer: the token\./)
      .waitFor();
    await workbench.row('far-away').waitFor({ state: 'detached' });
    await other.row('far-away').waitFor({ state: 'detached' });
    await workbench.contextMenu(workbench.row('This computer'), 'Sign Out');
    await workbench
      .notification(
        /Removed from this computer: SSH keys and entries of “.+”; the folder .+cloud-sandboxes\./,
      )
      .waitFor();
    await workbench.row('This computer').waitFor({ state: 'detached' });
    await workbench.screenshot('signed-out');
    await assert.rejects(fs.access(editor.sshDir), { code: 'ENOENT' });
  });

  it('is signed out in the other window too, at once and without a question', async () => {
    await other.page.getByText('no account needed').waitFor();
    assert.equal(await other.notification('refuses the token').count(), 0);
    await other.screenshot('signed-out-elsewhere');
    await other.page.close();
  });

  it('is told that the list of clouds is damaged, rather than that there is none', async () => {
    const file = stateFile();
    const intact = await fs.readFile(file, 'utf8');
    await fs.writeFile(file, '{');
    await workbench.page.reload();
    await workbench.page.getByText('The list of your clouds cannot be read').waitFor();
    await workbench.screenshot('list-damaged');
    await fs.writeFile(file, intact);
    await workbench.clickInSideBar('Retry');
    await workbench.page.getByText('no account needed').waitFor();
  });
});

/** A desktop's windows hear of each other's secrets at once; those in a browser read them when they are loaded. */
async function readSecrets(workbench: Workbench): Promise<void> {
  await workbench.page.reload();
}

/** Does work again and again until the signal aborts. */
async function repeat(work: () => Promise<void>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) await work();
}
