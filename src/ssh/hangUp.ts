import { settlesWithin } from '../base/async';
import type { RemoteProcess } from '../cloud/provider';

/**
 * How long a process may take to end by itself after its input ended, and again after SIGHUP, and how long its
 * SIGKILL may take to be confirmed. The sum must stay below the 5 s in which nothing of an ended connection may be
 * left.
 */
const GRACE_MS = 1000;
const KILL_MS = 1500;

const ending = new WeakMap<RemoteProcess, Promise<void>>();

/**
 * Ends a process whose client went away, as gently as a closed terminal does: end of input, then SIGHUP, then
 * SIGKILL. A shell that ends at once leaves its background jobs alone, which is what keeps an editor's server
 * alive over a reconnect; a process that stays is ended with its group. Somebody must take in the process's output
 * meanwhile. Resolves when it is gone, or nobody can tell; never rejects. Calling it again waits for the same end.
 */
export function hangUp(process: RemoteProcess): Promise<void> {
  const running = ending.get(process);
  if (running) return running;
  const work = endProcess(process);
  ending.set(process, work);
  return work;
}

async function endProcess(process: RemoteProcess): Promise<void> {
  const { exited } = process;
  process.stdin.end();
  if (await settlesWithin(exited, GRACE_MS)) return;
  process.signal('HUP');
  if (await settlesWithin(exited, GRACE_MS)) return;
  process.kill();
  await settlesWithin(exited, KILL_MS);
}
