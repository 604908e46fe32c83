import { spawn, type ChildProcess } from 'node:child_process';
import type { ExitStatus, RemoteProcess, SignalName } from '../../src/cloud/provider';

/** A program on this computer in the form of one in a sandbox. */
export function startLocalProcess(
  argv: readonly [string, ...string[]],
  env: NodeJS.ProcessEnv = process.env,
): RemoteProcess {
  const [command, ...args] = argv;
  const child = spawn(command, args, { env, detached: true });
  const { stdin, stdout, stderr } = child;
  // As with a real one, `exited` has the reason.
  for (const stream of [stdin, stdout, stderr]) stream.on('error', () => undefined);
  const exited = new Promise<ExitStatus>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) =>
      resolve(signal === null ? { code: code ?? 0 } : { signal: signal.slice(3) as SignalName }),
    );
  });
  exited.catch(() => undefined);
  return {
    stdin,
    stdout,
    stderr,
    exited,
    resize: () => undefined,
    signal: (name) => child.kill(`SIG${name}` as NodeJS.Signals),
    kill: () => {
      killGroup(child);
      for (const stream of [stdin, stdout, stderr]) stream.destroy();
    },
  };
}

function killGroup({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, 'SIGKILL');
}
