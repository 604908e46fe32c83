import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';

/** What makes the real ssh reach one server. */
export interface SshTarget {
  /** Arguments of ssh up to and including the host. */
  readonly args: readonly string[];
}

export type Measure = (target: SshTarget) => Promise<number>;

const PAYLOAD_BYTES = 200_000_000;
const MEGABYTE = 1_000_000;

/** Milliseconds that `ssh host true` takes. */
export const connectTime: Measure = ({ args }) => timed(['ssh', ...args, 'true']);

/** Megabytes per second of one channel, sandbox to client. */
export const downloadRate: Measure = async ({ args }) =>
  rate(await timed(['ssh', ...args, `head -c ${PAYLOAD_BYTES} /dev/zero`]));

/** Megabytes per second of one channel, client to sandbox. */
export const uploadRate: Measure = async ({ args }) =>
  rate(
    await timed([
      'sh',
      '-c',
      `head -c ${PAYLOAD_BYTES} /dev/zero | ssh "$@" 'cat >/dev/null'`,
      'sh',
      ...args,
    ]),
  );

function rate(ms: number): number {
  return PAYLOAD_BYTES / MEGABYTE / (ms / 1000);
}

/** Runs a program to its end; resolves with the milliseconds it took. */
async function timed([program, ...args]: readonly string[]): Promise<number> {
  const begin = performance.now();
  const child = spawn(program!, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`${program} ended with ${code}`);
  return performance.now() - begin;
}
