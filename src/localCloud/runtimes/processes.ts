/** Ending processes for good, on Linux. */
import { delay } from '../../base/async';
import { RuntimeError } from './errors';
import { sendSignal } from '../../processes/procfs';

/** How long processes have to end by themselves after SIGTERM, and then after SIGKILL. */
const GRACE_MS = 1_000;
const KILL_WAIT_MS = 5_000;
const POLL_MS = 10;

/**
 * Ends all processes that `find` returns, first kindly, then by SIGKILL, until it finds none. It is asked again and
 * again since processes start others meanwhile. Negative numbers are process groups.
 */
export async function endProcesses(find: () => number[]): Promise<void> {
  // An interactive shell ignores SIGTERM and heeds SIGHUP.
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGCONT'] as const) {
    for (const pid of find()) sendSignal(pid, signal);
  }
  if (await gone(find, GRACE_MS)) return;
  const kill = (): number[] => {
    const found = find();
    for (const pid of found) sendSignal(pid, 'SIGKILL');
    return found;
  };
  if (await gone(kill, KILL_WAIT_MS)) return;
  throw new RuntimeError('failed', `Processes ${find().join(', ')} do not end, not even by SIGKILL`);
}

/** Looks twice: one that is found by its environment has none while it becomes another program (execve in Linux). */
async function gone(find: () => number[], withinMs: number): Promise<boolean> {
  const end = Date.now() + withinMs;
  for (let emptyLooks = 0; ;) {
    emptyLooks = find().length > 0 ? 0 : emptyLooks + 1;
    if (emptyLooks === 2) return true;
    if (emptyLooks === 0 && Date.now() > end) return false;
    await delay(POLL_MS);
  }
}
