import type { ExitStatus, SignalName } from '../provider';

/**
 * Linux's signal numbers (signal(7)), which are those of the sandbox. This computer's own may differ: on macOS 10 is
 * SIGBUS and 30 is SIGUSR1.
 */
const numbers: Readonly<Record<SignalName, number>> = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  ILL: 4,
  ABRT: 6,
  FPE: 8,
  KILL: 9,
  USR1: 10,
  SEGV: 11,
  USR2: 12,
  PIPE: 13,
  ALRM: 14,
  TERM: 15,
};

const names = new Map<number, SignalName>(
  Object.entries(numbers).map(([name, number]) => [number, name as SignalName]),
);

export function signalNumber(name: SignalName): number {
  return numbers[name];
}

/** What an exit code of the Box API means: negative is the signal that ended the process. */
export function exitStatusOf(exitCode: number): ExitStatus {
  if (exitCode >= 0) return { code: exitCode };
  const signal = names.get(-exitCode);
  // SSH names few signals; for the others the shell's convention says which it was.
  return signal ? { signal } : { code: 128 - exitCode };
}
