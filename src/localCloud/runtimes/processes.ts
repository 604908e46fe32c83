/** Ending processes for good, on Linux. */
import { delay } from '../../base/async';
import type { ProcessControl } from './childExecution';
import { RuntimeError } from './errors';
import { listProcesses, sendSignal } from './procfs';

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

async function gone(find: () => number[], withinMs: number): Promise<boolean> {
  for (const end = Date.now() + withinMs; Date.now() < end; await delay(POLL_MS)) {
    if (find().length === 0) return true;
  }
  return false;
}

/** Reaches the process group and the session that a process leads. */
export function sessionControl(leader: number): ProcessControl {
  return {
    signal: (number) => sendSignal(-leader, number),
    kill: () => {
      for (const { pid, session } of listProcesses()) {
        if (session === leader) sendSignal(pid, 'SIGKILL');
      }
    },
  };
}
