import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const MAX_LIST_BYTES = 16 * 2 ** 20;
const LIST_MS = 5_000;

/**
 * Live processes whose command line contains the text, by ps(1), on any POSIX system (IEEE Std 1003.1, "ps"; `ww`, so
 * that no line is cut, is of BSD and procps). Rejects if ps cannot be run.
 */
export async function findByCommandLine(text: string): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-ww', '-o', 'pid=', '-o', 'args='], {
    maxBuffer: MAX_LIST_BYTES,
    timeout: LIST_MS,
  });
  return stdout.split('\n').flatMap((line) => {
    const [, pid, commandLine] = /^\s*(\d+) (.*)$/.exec(line) ?? [];
    return commandLine?.includes(text) ? [Number(pid)] : [];
  });
}
