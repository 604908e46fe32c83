import { readFileSync } from 'node:fs';

/** Whether a process of this computer runs. One that has ended and whose parent has not noticed yet does not. */
export function isRunning(pid: number): boolean {
  try {
    // proc(5): the state follows the program's name, which is in parentheses.
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
