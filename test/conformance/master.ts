import * as path from 'node:path';
import { ForwardingSsh } from '../helpers/forwards';
import type { Outcome } from '../helpers/sshHost';
import type { Target } from './target';

/** Runs a command line as one more session of a connection that is there already. */
export type MultiplexedSsh = (command: string, options?: readonly string[]) => Promise<Outcome>;

/** Opens a connection that other runs of ssh share (ControlMaster), for as long as `use` takes. */
export async function withMaster<T>(
  { host, dir }: Target,
  use: (ssh: MultiplexedSsh, socket: string) => Promise<T>,
): Promise<T> {
  const socket = path.join(dir, 'm');
  const master = await ForwardingSsh.open(host, ['-M', '-S', socket]);
  try {
    return await use(
      (command, options = []) => host.run('ssh', ['-S', socket, ...options, host.alias, command]),
      socket,
    );
  } finally {
    await master.close();
  }
}
