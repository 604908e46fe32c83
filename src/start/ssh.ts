import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { CodedError, errnoOf } from '../base/errors';

export class SshProgramError extends CodedError<'not-found' | 'failed'> {}

const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface SshRun {
  readonly configFile: string;
  readonly alias: string;
  /** Line for the sandbox's shell; undefined for a login shell. */
  readonly command: string | undefined;
}

/** Runs the real ssh on our terminal; resolves with its exit code, 128 + n if signal n ended it. */
export function runSsh({ configFile, alias, command }: SshRun): Promise<number> {
  // As `docker run -it` does: a program that a person started by hand gets a terminal.
  const terminal = process.stdin.isTTY && process.stdout.isTTY ? ['-t'] : [];
  const args = ['-F', configFile, ...terminal, alias, ...(command === undefined ? [] : ['--', command])];
  return new Promise((resolve, reject) => {
    const child = spawn('ssh', args, { stdio: 'inherit' });
    const forward = (signal: NodeJS.Signals): void => void child.kill(signal);
    // Whatever ends ssh, we stay to clean up. A terminal sends ^C to both; a second SIGINT does ssh no harm.
    for (const signal of FORWARDED) process.on(signal, forward);
    child.on('error', (cause) => {
      const message =
        errnoOf(cause) === 'ENOENT'
          ? 'The program ssh is not on PATH; install an OpenSSH client'
          : `Cannot run ssh: ${cause.message}`;
      reject(new SshProgramError(errnoOf(cause) === 'ENOENT' ? 'not-found' : 'failed', message, { cause }));
    });
    child.on('exit', (code, signal) => {
      for (const name of FORWARDED) process.off(name, forward);
      resolve(code ?? 128 + (signal ? constants.signals[signal] : 0));
    });
  });
}
