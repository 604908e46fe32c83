import { errnoOf } from './errors';

/** Whether a process exists; one of another user counts. A zombie does too. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) === 'EPERM';
  }
}
