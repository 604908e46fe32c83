import { readServerRecord, statePaths } from '../../../src/localCloud/record';
import { eventually } from '../../helpers/eventually';

/** Ends the local cloud that keeps its state in a folder, and waits until it is gone. It outlives the editor. */
export async function endLocalCloud(stateDir: string): Promise<void> {
  const record = await readServerRecord(statePaths(stateDir));
  if (!record) return;
  process.kill(record.pid, 'SIGTERM');
  await eventually(() => {
    if (isAlive(record.pid)) throw new Error(`The local cloud (process ${record.pid}) does not end`);
  }, 20_000);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
