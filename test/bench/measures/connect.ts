import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import type { SandboxOverSsh } from '../../helpers/sandboxOverSsh';
import type { Figures } from '../bench';
import { timeOf } from '../command';
import type { Argv, SshTarget, Target } from '../target';

export async function connectWarm(target: Target): Promise<Figures> {
  return { 'connect.warm': await timeOf(target.command('true')) };
}

/** A sandbox with a local cloud that it has for itself. */
export interface StoppableSandbox {
  readonly sandbox: SandboxOverSsh;
  readonly target: SshTarget;
}

/** The local cloud does not run, nor does the sandbox, whose agent went with it. */
export async function connectCold({ sandbox, target }: StoppableSandbox): Promise<Figures> {
  await sandbox.server.stop();
  const begin = performance.now();
  await sandbox.restartServer();
  await timeOf(target.command('true'));
  return { 'connect.cold': performance.now() - begin };
}

/** The local cloud runs, the sandbox does not. */
export async function connectStopped({ sandbox, target }: StoppableSandbox): Promise<Figures> {
  await sandbox.client.stop(sandbox.sandbox.id);
  return { 'connect.stopped': await timeOf(target.command('true')) };
}

/** What the logs of ssh and of our connection say, by milestone; a server need not have every one. */
const MILESTONES = {
  dialed: /Executing proxy command|Connecting to /,
  started: /\[debug\] started/,
  greeted: /Remote protocol version/,
  granted: /\[debug\] grant received/,
  attached: /\[debug\] WebSocket open/,
  encrypted: /SSH2_MSG_NEWKEYS received/,
  authenticated: /Authenticated to /,
  exited: /client_input_channel_req: .* exit-status/,
} as const;
type Milestone = keyof typeof MILESTONES | 'begin' | 'end';

/** Each phase ends at one milestone and begins at the first of the others that there is. */
const PHASES: readonly { readonly row: string; readonly to: Milestone; readonly from: Milestone[] }[] = [
  { row: 'phase.client', to: 'dialed', from: ['begin'] },
  { row: 'phase.process', to: 'started', from: ['dialed'] },
  { row: 'phase.banner', to: 'greeted', from: ['started', 'dialed'] },
  { row: 'phase.broker', to: 'granted', from: ['greeted'] },
  { row: 'phase.websocket', to: 'attached', from: ['granted'] },
  { row: 'phase.key-exchange', to: 'encrypted', from: ['granted', 'greeted'] },
  { row: 'phase.auth', to: 'authenticated', from: ['encrypted'] },
  { row: 'phase.channel', to: 'exited', from: ['authenticated'] },
  { row: 'phase.end', to: 'end', from: ['exited'] },
];

export const phaseRows: readonly string[] = PHASES.map(({ row }) => row);

/** One connection by ssh -vvv, taken apart. */
export async function phases(target: SshTarget): Promise<Figures> {
  const times = await milestones(target.with('-vvv').command('true'));
  const figures: Record<string, number> = {};
  for (const { row, to, from } of PHASES) {
    const end = times.get(to);
    const begin = from.map((name) => times.get(name)).find((time) => time !== undefined);
    if (begin !== undefined && end !== undefined) figures[row] = end - begin;
  }
  return figures;
}

/** When each milestone was first spoken of. */
async function milestones([program, ...args]: Argv): Promise<ReadonlyMap<Milestone, number>> {
  const times = new Map<Milestone, number>([['begin', performance.now()]]);
  const env = { ...process.env, CLOUD_SANDBOXES_LOG: 'debug' };
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], env });
  createInterface(child.stderr).on('line', (line) => {
    const now = performance.now();
    for (const [name, pattern] of Object.entries(MILESTONES) as [Milestone, RegExp][]) {
      if (!times.has(name) && pattern.test(line)) times.set(name, now);
    }
  });
  await once(child, 'close');
  return times.set('end', performance.now());
}
