/**
 * Measures the way through our bridge beside a real sshd in the same sandbox: same machine, same ssh client, one
 * run, alternating rounds, medians. It measures and never judges.
 */
import { writeFileSync } from 'node:fs';
import * as os from 'node:os';
import { parseArgs } from 'node:util';
import { describeErrorChain } from '../../src/base/errors';
import { SandboxOverSsh } from '../helpers/sandboxOverSsh';
import { SshdHost } from '../helpers/sshd';
import { agreedAlgorithms } from './algorithms';
import { connectTime, downloadRate, uploadRate, type Measure, type SshTarget } from './measures';
import { formatTable, median, type Row } from './report';

const BENCHES: readonly { readonly name: string; readonly unit: string; readonly measure: Measure }[] = [
  { name: 'connect.warm', unit: 'ms', measure: connectTime },
  { name: 'throughput.down', unit: 'MB/s', measure: downloadRate },
  { name: 'throughput.up', unit: 'MB/s', measure: uploadRate },
];

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { json: { type: 'string' }, rounds: { type: 'string', default: '7' } },
  });
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds takes a whole number from 1');
  // Plain processes: sshd needs privileges that a bubblewrap sandbox rightly withholds.
  const sandbox = await SandboxOverSsh.open({ runtime: 'process' });
  try {
    const sshd = await SshdHost.start(sandbox);
    const ours: SshTarget = { args: ['-F', sandbox.configFile, sandbox.alias] };
    const asItComes: SshTarget = { args: ['-F', sshd.configFile, sshd.alias] };
    const sameAlgorithms: SshTarget = {
      args: ['-F', sshd.configFile, ...(await agreedAlgorithms(sandbox)), sshd.alias],
    };
    const rows: Row[] = [];
    for (const { name, unit, measure } of BENCHES) {
      const samples = await alternate(measure, [ours, asItComes, sameAlgorithms], rounds);
      const [own, plain, same] = samples.map(median) as [number, number, number];
      rows.push({ name, backend: 'exec', unit, ours: own, sshd: plain, ratio: own / plain });
      rows.push({
        name: `${name}.same-algorithms`,
        backend: 'exec',
        unit,
        ours: own,
        sshd: same,
        ratio: own / same,
      });
    }
    process.stdout.write(formatTable(rows));
    if (values.json) writeFileSync(values.json, `${JSON.stringify(result(rows), null, 2)}\n`);
  } finally {
    await sandbox.close();
  }
}

/** One sample of each target in turn, so that a busy moment of the machine hits all alike; the first round warms up. */
async function alternate(
  measure: Measure,
  targets: readonly SshTarget[],
  rounds: number,
): Promise<number[][]> {
  const samples = targets.map((): number[] => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [index, target] of targets.entries()) {
      const sample = await measure(target);
      if (round > 0) samples[index]!.push(sample);
    }
  }
  return samples;
}

function result(rows: readonly Row[]): object {
  return {
    date: new Date().toISOString(),
    node: process.version,
    cpu: os.cpus()[0]?.model ?? 'unknown',
    rows,
  };
}

main().catch((error: unknown) => {
  process.stderr.write(`${describeErrorChain(error)}\n`);
  process.exitCode = 1;
});
