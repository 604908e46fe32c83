import type { Workbench } from './workbench';

/** Goes through the form for a new sandbox, which is open, as the quickest do: a name and Enter, and Enter. */
export async function createSandbox(workbench: Workbench, name: string): Promise<void> {
  await workbench.answer('Create Sandbox', name);
  const proposed = workbench.pickEntry('as the cloud chooses');
  // Enter takes the entry that has the focus, and there is none in the list's first moments.
  await proposed.and(workbench.page.locator('.focused')).waitFor();
  await workbench.page.keyboard.press('Enter');
  await proposed.waitFor({ state: 'hidden' });
}
