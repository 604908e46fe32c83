import assert from 'node:assert/strict';
import { OpenHandsCloud } from '../clouds/openhands/cloud';
import { useEditor } from './host/useEditor';
import type { Workbench } from './host/workbench';

describe('OpenHands in a real VS Code', function () {
  this.timeout(90_000);

  const editor = useEditor();
  let cloud: OpenHandsCloud;
  let workbench: Workbench;
  before(async () => {
    ({ workbench } = editor);
    cloud = await OpenHandsCloud.start({ agentServer: 'standIn' });
    const { id } = cloud.sandboxes.addRow({ status: 'PAUSED' });
    cloud.conversations.push({ id: 'c', title: 'Fix the build', sandboxId: id });
    await workbench.openView('Cloud Sandboxes');
  });
  after(() => cloud.close());

  it('asks again when a key is wrong, with the address as it was typed', async () => {
    await workbench.runCommand('Cloud Sandboxes: Add Cloud');
    await workbench.pickEntry('OpenHands').first().click();
    await workbench.answer('(1/2)', cloud.url);
    await workbench.pick('Type an API Key');
    await workbench.answer('(2/2)', 'wrong');
    await workbench.clickNotification('Cannot add the cloud', 'Retry');
    await workbench.pickEntry('OpenHands').first().click();

    const box = workbench.page.locator('.quick-input-widget').filter({ hasText: '(1/2)' });
    assert.equal(await box.locator('input').inputValue(), cloud.url);
    await workbench.page.keyboard.press('Escape');
  });

  it('is signed in to with the browser, by a code that stays in sight', async () => {
    await workbench.runCommand('Cloud Sandboxes: Add Cloud');
    await workbench.pickEntry('OpenHands').first().click();
    await workbench.answer('(1/2)', cloud.url);
    await workbench.pick('Sign In with the Browser');
    const progress = workbench.notification('confirm the code');
    await progress.waitFor();
    await workbench.screenshot('openhands-device-code');
    const code = /confirm the code (\w+)/.exec(await progress.innerText())?.[1];
    cloud.deviceFlow.approve(code ?? '');

    await workbench.row('Fix the build', 'paused').waitFor();
    await workbench.screenshot('openhands-list');
  });

  it('asks before a start that may pause another sandbox', async () => {
    await cloud.sandboxes.create();
    await workbench.contextMenu(workbench.row('Fix the build'), 'Start Sandbox');
    await workbench.dialog().getByText('may be paused. Go on?').waitFor();
    await workbench.screenshot('openhands-may-pause');
    await workbench.dialog().getByRole('button', { name: 'Cancel' }).click();

    await workbench.row('Fix the build', 'paused').waitFor();
    assert.equal(
      cloud.requests.calls.some((call) => call.includes('/resume')),
      false,
    );
  });
});
