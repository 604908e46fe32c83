import { eventually } from '../helpers/eventually';
import { createSandbox } from './host/createSandbox';
import { hostReleases } from './host/install';
import { calculateInTerminal } from './host/terminal';
import { useEditor } from './host/useEditor';
import type { Workbench } from './host/workbench';

const name = 'my old box';

describe(`The extension in VS Code ${hostReleases.oldest.vscode}, the oldest that it is for`, function () {
  this.timeout(90_000);

  const editor = useEditor({ release: 'oldest' });
  let workbench: Workbench;
  before(() => ({ workbench } = editor));

  it('welcomes a person who has no cloud yet', async () => {
    await workbench.openView('Cloud Sandboxes');
    await workbench.page.getByText('no account needed').waitFor();
    await workbench.screenshot('oldest-1-welcome');
  });

  it('starts the local cloud, and creates a sandbox in it', async () => {
    await workbench.clickInSideBar('Start Local Cloud');
    // A click counts only if the row is not drawn anew under it, as happens while the cloud's first answers come.
    await eventually(async () => {
      await workbench.row('Create a sandbox').click();
      await workbench.page
        .locator('.quick-input-widget', { hasText: 'Create Sandbox' })
        .waitFor({ timeout: 2000 });
    });
    await createSandbox(workbench, name);
    await workbench.row(name, 'running').waitFor();
    await workbench.screenshot('oldest-2-created');
  });

  it('has a terminal in it, through the real ssh', async () => {
    await calculateInTerminal(workbench);
    await workbench.row(name, 'connected').waitFor();
    await workbench.screenshot('oldest-3-terminal');
  });

  it('deletes it by the key for it', async () => {
    await workbench.row(name).click();
    await workbench.page.keyboard.press('Delete');
    await workbench.dialog().getByRole('button', { name: 'Delete' }).click();
    await workbench.row('Create a sandbox').waitFor();
  });
});
