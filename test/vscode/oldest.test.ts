import assert from 'node:assert/strict';
import { eventually } from '../helpers/eventually';
import { createSandbox, openCreateForm } from './host/createSandbox';
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
    await openCreateForm(workbench);
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
    await eventually(async () => {
      await workbench.row(name).click();
      assert.match((await workbench.row(name).getAttribute('class')) ?? '', /\bfocused\b/);
    });
    await workbench.page.keyboard.press('Delete');
    await workbench.dialog().getByRole('button', { name: 'Delete' }).click();
    await workbench.row('Create a sandbox').waitFor();
  });
});
