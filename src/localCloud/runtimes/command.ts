import { spawn } from 'node:child_process';
import { startCommand, type ProcessControl } from '../../processes/hostProcess';
import type { PipeFactory } from '../../processes/pipes';
import { ptyProcess } from './pty';
import type { BoxProcess, ExecSpec } from './runtime';

export interface HostCommand {
  readonly argv: ExecSpec['argv'];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly terminal?: ExecSpec['terminal'];
}

/**
 * Starts a program of this computer in a session of its own, in a terminal or on pipes. `control` is made once the
 * process's id is known; it is not called for a program that cannot be started.
 */
export function startHostCommand(
  { argv, env, cwd, terminal }: HostCommand,
  pipes: PipeFactory,
  control: (pid: number) => ProcessControl,
): Promise<BoxProcess> {
  if (terminal) return ptyProcess({ argv, env, cwd, ...terminal }, control);
  const [file, ...args] = argv;
  return startCommand(
    (stdio) => spawn(file, args, { cwd, env, detached: true, stdio, windowsHide: true }),
    pipes,
    control,
  );
}
