import { eventually } from '../../helpers/eventually';
import type { Workbench } from './workbench';

/** Opens the form by the tree's row. A click is lost where the row is drawn anew under it, as while clouds answer. */
export async function openCreateForm(workbench: Workbench): Promise<void> {
  await eventually(async () => {
    await workbench.row('Create a sandbox').click({ timeout: 5_000 });
    await workbench.page
      .locator('.quick-input-widget', { hasText: 'Create Sandbox' })
      .waitFor({ timeout: 2_000 });
  }, 30_000);
}

/** Goes through the form for a new sandbox, which is open, as the quickest do: a name and Enter, and Enter. */
export async function createSandbox(workbench: Workbench, name: string): Promise<void> {
  await workbench.answer('Create Sandbox', name);
  const proposed = workbench.pickEntry('as the cloud chooses');
  // Enter takes the entry that has the focus, and there is none in the list's first moments.
  await proposed.and(workbench.page.locator('.focused')).waitFor();
  await workbench.page.keyboard.press('Enter');
  await proposed.waitFor({ state: 'hidden' });
}
