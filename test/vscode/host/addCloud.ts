import type { Workbench } from './workbench';

/** Goes through the questions for a cloud that speaks the Box API, up to its token. */
export async function giveAddress(workbench: Workbench, url: string): Promise<void> {
  await workbench.runCommand('Cloud Sandboxes: Add Cloud');
  await workbench.pick('BoxLite');
  await workbench.answer('(1/2)', url);
}

/** Signs in to a cloud that speaks the Box API. */
export async function addCloud(workbench: Workbench, url: string, token: string): Promise<void> {
  await giveAddress(workbench, url);
  await workbench.answer('(2/2)', token);
}
