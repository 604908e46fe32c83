import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import type { ExecDescription } from '../agentProtocol/operations';
import { describeError } from '../base/errors';
import { failedProcess, NOT_EXECUTABLE, startCommand, type HostProcess } from '../processes/hostProcess';
import { sessionControl } from '../processes/session';
import type { Host } from './host';

/**
 * Starts a program in a session of its own, on pipes or in a terminal. One that cannot be run ends as in a shell, with
 * 126 or 127 and a message on stderr.
 */
export async function startProgram(
  { argv, env, workingDirectory, terminal }: Omit<ExecDescription, 'channel'>,
  host: Host,
): Promise<HostProcess> {
  const cwd = path.resolve(host.home, workingDirectory ?? '.');
  const problem = await folderProblem(cwd);
  // A child process reports a missing working folder as a missing program.
  if (problem !== undefined) return failedProcess(`Cannot enter ${cwd}: ${problem}`, NOT_EXECUTABLE);
  const environment = { ...host.env, ...env };
  if (terminal) {
    const maker = await host.terminals;
    return maker.start({ argv, env: environment, cwd, ...terminal });
  }
  const [file, ...args] = argv;
  return startCommand(
    (stdio) => spawn(file, args, { cwd, env: environment, detached: true, stdio }),
    host.pipes,
    sessionControl,
  );
}

async function folderProblem(folder: string): Promise<string | undefined> {
  try {
    await fs.access(folder, constants.X_OK);
    return (await fs.stat(folder)).isDirectory() ? undefined : 'it is no folder';
  } catch (error) {
    return describeError(error);
  }
}
