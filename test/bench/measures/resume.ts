import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { delay } from '../../../src/base/async';
import type { LossyNetwork } from '../../helpers/lossyNetwork';
import type { Figures } from '../bench';
import { endChild } from '../../helpers/sshHost';
import type { SshTarget } from '../target';

/** A connection that is lost right after it was made waits a little before it dials again. */
const SETTLED_MS = 1500;

/** From when a running command's connection is cut until the command has given back the next byte. */
export async function resume(target: SshTarget, network: LossyNetwork): Promise<Figures> {
  const [program, ...args] = target.command('exec cat');
  const ssh = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const echo = async (): Promise<void> => {
    ssh.stdin.write('x');
    await once(ssh.stdout, 'data');
  };
  try {
    await echo();
    await delay(SETTLED_MS);
    const begin = performance.now();
    if (network.cut() === 0) throw new Error('There is no connection to cut');
    await echo();
    return { resume: performance.now() - begin };
  } finally {
    await endChild(ssh);
  }
}
