import { constants } from 'node:os';
import type { HostProcess } from '../processes/hostProcess';

/** Enough for a program that ends with its input; a terminal has been hung up by then. */
const INPUT_GRACE_MS = 1000;
/** From the beginning. */
const KILL_AFTER_MS = 5000;

/**
 * Ends a program whose owner went away: end of its input (which hangs up a terminal), then SIGHUP, then SIGKILL to its
 * session. A program that ends by itself leaves its background jobs alone, which is what keeps an editor's server
 * alive. Resolves when the program has ended, and never rejects. Its output is thrown away.
 */
export async function hangUp(process: HostProcess): Promise<void> {
  process.stdin.end();
  process.stdout.unpipe().resume();
  process.stderr.unpipe().resume();
  const timers = [
    setTimeout(() => process.signal(constants.signals.SIGHUP), INPUT_GRACE_MS),
    setTimeout(() => process.kill(), KILL_AFTER_MS),
  ];
  await process.exited;
  for (const timer of timers) clearTimeout(timer);
}
