import type { Figures } from '../bench';
import { spanFromGo, type Span } from '../command';
import { cpuSeconds } from '../procfs';
import type { Argv, SshTarget, Target } from '../target';

export const PAYLOAD_BYTES = 400_000_000;
const CHANNELS = 8;
const MEGABYTE = 1_000_000;
const GIGABYTE = 1_000_000_000;

/** One channel of an open connection, and the processor time that the server's side takes. */
export async function throughput(target: SshTarget): Promise<Figures> {
  const session = await target.open();
  try {
    const cpu = (): number => cpuSeconds(target.servers.all([session.client]));
    const begin = cpu();
    const down = await downloadRate(session);
    const between = cpu();
    const up = await uploadRate(session);
    return {
      'throughput.down': down,
      'throughput.up': up,
      'cpu.down': ((between - begin) / PAYLOAD_BYTES) * GIGABYTE,
      'cpu.up': ((cpu() - between) / PAYLOAD_BYTES) * GIGABYTE,
    };
  } finally {
    await session.close();
  }
}

/** As much in all, on eight channels of one connection at once. */
export async function throughputOfEight(target: SshTarget): Promise<Figures> {
  const session = await target.open();
  try {
    return {
      'throughput.down.eight': await downloadRate(session, CHANNELS),
      'throughput.up.eight': await uploadRate(session, CHANNELS),
    };
  } finally {
    await session.close();
  }
}

/** Megabytes per second, sandbox to client. */
export function downloadRate(target: Target, channels = 1): Promise<number> {
  return rateOf(target.command(`echo go >&2; head -c ${PAYLOAD_BYTES / channels} /dev/zero`), channels);
}

/** Megabytes per second, client to sandbox. */
export function uploadRate(target: Target, channels = 1): Promise<number> {
  const receive = target.command('echo go >&2; cat >/dev/null');
  const feed = `head -c ${PAYLOAD_BYTES / channels} /dev/zero | exec "$@"`;
  return rateOf(['sh', '-c', feed, 'sh', ...receive], channels);
}

async function rateOf(transfer: Argv, channels: number): Promise<number> {
  return megabytesPerSecond(await Promise.all(Array.from({ length: channels }, () => spanFromGo(transfer))));
}

/** The rate at which the payload went in all of these spans together. */
export function megabytesPerSecond(spans: readonly Span[], bytes = PAYLOAD_BYTES): number {
  const begin = Math.min(...spans.map((span) => span.begin));
  const end = Math.max(...spans.map((span) => span.end));
  return bytes / MEGABYTE / ((end - begin) / 1000);
}
