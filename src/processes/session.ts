/** Reaching all that a command has started. */
import type { ProcessControl } from './hostProcess';
import { listProcesses, sendSignal } from './procfs';

const MAX_KILL_PASSES = 100;

/** Reaches the process group and the session that a process leads. */
export function sessionControl(leader: number): ProcessControl {
  return {
    signal: (number) => sendSignal(-leader, number),
    // Elsewhere there is no process table to look into.
    kill: () => (process.platform === 'linux' ? killSession(leader) : sendSignal(-leader, 'SIGKILL')),
  };
}

/** Sends SIGKILL to every process of a session but `spared`. */
export function killSession(session: number, spared?: number): void {
  const killed = new Set<number>();
  for (let pass = 0; pass < MAX_KILL_PASSES; pass++) {
    // What was sent SIGKILL starts no more processes, but it may have done so while the table was read.
    const fresh = listProcesses().filter(
      (process) => process.session === session && process.pid !== spared && !killed.has(process.pid),
    );
    if (fresh.length === 0) return;
    for (const { pid } of fresh) {
      killed.add(pid);
      sendSignal(pid, 'SIGKILL');
    }
  }
}
