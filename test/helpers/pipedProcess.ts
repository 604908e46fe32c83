import { spawn } from 'node:child_process';
import * as os from 'node:os';
import * as path from 'node:path';
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { silentLogger } from '../../src/base/logger';
import type { ExitStatus, RemoteProcess, SignalName } from '../../src/cloud/provider';
import { startCommand } from '../../src/processes/hostProcess';
import { PipeFactory } from '../../src/processes/pipes';
import { sessionControl } from '../../src/processes/session';

const { signals } = os.constants;
const pipes = new PipeFactory(path.join(os.tmpdir(), `sbx-pipes-${process.pid}`), silentLogger);

export interface PipedProcess extends RemoteProcess {
  readonly pid: number;
}

/** A program on this computer in the form of one in a sandbox, on pipes; what Node makes for a child are sockets. */
export async function startPipedProcess(
  [program, ...args]: readonly [string, ...string[]],
  env: NodeJS.ProcessEnv = process.env,
): Promise<PipedProcess> {
  let pid = 0;
  const { stdin, stdout, stderr, ...child } = await startCommand(
    (stdio) => spawn(program, args, { env, detached: true, stdio }),
    pipes,
    (leader) => sessionControl((pid = leader)),
  );
  const exited = Promise.all([child.exited, ended(stdout), ended(stderr)]).then(([code]) => statusOf(code));
  return {
    pid,
    stdin,
    stdout,
    stderr: stderr.resume(),
    exited,
    resize: () => undefined,
    signal: (name) => child.signal(signals[`SIG${name}` as NodeJS.Signals]),
    kill: () => {
      child.kill();
      for (const stream of [stdin, stdout, stderr]) stream.destroy();
    },
  };
}

function ended(output: Readable): Promise<void> {
  return finished(output).catch(() => undefined);
}

function statusOf(code: number): ExitStatus {
  if (code >= 0) return { code };
  const [name] = Object.entries(signals).find(([, number]) => number === -code) ?? [''];
  return { signal: name.slice(3) as SignalName };
}
