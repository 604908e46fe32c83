import type { Workbench } from './workbench';

/** Goes through the form for a new sandbox, which is open, as the quickest do: a name and Enter, and Enter. */
export async function createSandbox(workbench: Workbench, name: string): Promise<void> {
  await workbench.answer('Create Sandbox', name);
  await workbench.pickEntry('as the cloud chooses').waitFor();
  await workbench.page.keyboard.press('Enter');
}
