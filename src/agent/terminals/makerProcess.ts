import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';
import { abortable } from '../../base/async';
import { createDeadline } from '../../base/deadline';
import { describeError, printable } from '../../base/errors';
import { nodePipedProcess, type HostProcess, type ProcessControl } from '../../processes/hostProcess';
import { sessionControl } from '../../processes/session';
import { OperationError } from '../operationError';

/** How long a program may take to make a terminal. */
const START_MS = 10_000;
const MAX_COMPLAINT = 2048;

/** Of a program that makes terminals: stdin, stdout and stderr, and a socket to talk with it. */
export const MAKER_STDIO = ['pipe', 'pipe', 'pipe', 'pipe'] as const;

/** A command in a terminal, once its maker has begun it. */
export interface StartedTerminal {
  /** The maker's streams and end, with the command's session to signal. */
  readonly process: HostProcess;
  /** What the maker said when it began: its first line. */
  readonly greeting: string;
  /** The socket to talk with it. */
  readonly control: Duplex;
}

/**
 * Waits until a maker has begun its command: its greeting begins with the command's process id. `task` is said to it
 * first. Rejects as `unavailable`, with what the maker complained of.
 */
export async function startedTerminal(maker: ChildProcess, task?: Buffer): Promise<StartedTerminal> {
  let complaint = '';
  maker.stderr?.on('data', (chunk: Buffer) => {
    if (complaint.length < MAX_COMPLAINT) complaint += chunk.toString();
  });
  let leader: ProcessControl | undefined;
  const process = nodePipedProcess(maker, {
    signal: (number) => leader?.signal(number),
    kill: () => leader?.kill(),
  });
  try {
    const control = controlOf(maker);
    if (task) control.write(task);
    const greeting = await greetingOn(control);
    const pid = Number.parseInt(greeting, 10);
    if (!(pid > 1)) throw new Error('it does not tell the process id of the command');
    leader = sessionControl(pid);
    return { process, greeting, control };
  } catch (cause) {
    // For one that was not started Node would signal our own process group.
    if (maker.pid !== undefined) maker.kill('SIGKILL');
    const reason = complaint.trimEnd().split('\n').at(-1) ?? '';
    const words = reason === '' ? describeError(cause) : printable(reason);
    throw new OperationError('unavailable', `No terminal can be made: ${words}`, { cause });
  }
}

/** The fourth of {@link MAKER_STDIO}, which is missing where there were no descriptors for it. */
function controlOf({ stdio }: ChildProcess): Duplex {
  const control = (stdio as ChildProcess['stdio'] | undefined)?.[3] as Duplex | null | undefined;
  if (!control) throw new Error('too many open files');
  return control.on('error', () => undefined);
}

async function greetingOn(control: Duplex): Promise<string> {
  const limit = createDeadline(START_MS, () => new Error(`it did not begin in ${START_MS / 1000} s`));
  const lines = createInterface(control);
  const closed = once(lines, 'close').then(() => Promise.reject(new Error('it ended at once')));
  closed.catch(() => undefined);
  try {
    const [line] = (await abortable(Promise.race([once(lines, 'line'), closed]), limit.signal)) as [string];
    return line;
  } finally {
    limit.dispose();
    lines.close();
    // The end of the socket would otherwise stay unnoticed, and closing the lines has paused it.
    control.resume();
  }
}
