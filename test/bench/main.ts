/**
 * Measures the way through our bridge beside a real sshd in the same sandbox: same machine, same ssh client, one
 * run, alternating rounds, medians. It measures and never judges.
 */
import { writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { describeErrorChain } from '../../src/base/errors';
import { runBench, Unavailable, type Bench, type Result } from './bench';
import { benches } from './benches';
import { CleanUps } from './cleanUps';
import { Lab } from './lab';
import { isWanted, parseOptions } from './options';
import { formatMarkdown, formatTable, reportOf } from './report';

const cleanUps = new CleanUps();

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  const lab = new Lab(cleanUps, say);
  const results: Result[] = [];
  for (const bench of benches) {
    if (!Object.keys(bench.rows).some((row) => isWanted(row, options))) continue;
    const measured = await runIfAvailable(bench, lab, options.rounds);
    results.push(...measured.filter(({ name }) => isWanted(name, options)));
  }
  if (results.length === 0) throw new Error('Nothing was measured; --only takes names of rows');
  process.stdout.write(formatTable(results));
  if (options.json) writeFileSync(options.json, `${JSON.stringify(reportOf(results), null, 2)}\n`);
  if (options.markdown) writeFileSync(options.markdown, await formatMarkdown(results, options.rounds));
}

async function runIfAvailable(bench: Bench, lab: Lab, rounds: number): Promise<Result[]> {
  try {
    return await runBench(bench, lab, rounds);
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    say(`not measured: ${Object.keys(bench.rows).join(' ')}: ${error.message}`);
    return [];
  }
}

function say(text: string): void {
  process.stderr.write(`bench: ${text}\n`);
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    // What is being measured fails now, and nobody needs to hear of it.
    void cleanUps.run().then(() => process.exit(128 + constants.signals[signal]));
  });
}

main()
  .catch((error: unknown) => {
    process.exitCode = 1;
    if (!cleanUps.isRunning) say(describeErrorChain(error));
  })
  .finally(() => cleanUps.run())
  // A server's socket that is still open must not keep the process.
  .finally(() => process.exit());
