import type { Workbench } from './workbench';

/** Waits until the shell in the workbench's terminal is ready, and has it calculate something. */
export async function calculateInTerminal(workbench: Workbench): Promise<void> {
  await workbench.waitForTerminal(/[#$] ?\s*$/);
  await workbench.typeInTerminal('echo sum=$((6*7))');
  await workbench.waitForTerminal(/sum=42/);
}
