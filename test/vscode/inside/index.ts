/** What the editor's extension host runs: mocha with every test of this folder. */
import { writeFileSync } from 'node:fs';
import Mocha from 'mocha';

/** One test, as the runner outside hears of it. */
export interface TestResult {
  readonly suite: string;
  readonly title: string;
  /** Why it failed. */
  readonly error?: string;
}

/** Resolves if all tests pass. Leaves the results in the file that `$TEST_RESULTS` names. */
export async function run(): Promise<void> {
  const mocha = new Mocha({ ui: 'bdd', timeout: 30_000 });
  mocha.suite.emit('pre-require', globalThis, '', mocha);
  await import('./activation');
  await import('./secrets');
  await import('./localCloud');
  const results: TestResult[] = [];
  const failures = await new Promise<number>((resolve) => {
    const runner = mocha.reporter(Quiet).run(resolve);
    runner.on('pass', (test) => results.push(resultOf(test)));
    runner.on('fail', (test, error: Error) => results.push(resultOf(test, error)));
  });
  writeFileSync(process.env['TEST_RESULTS']!, JSON.stringify(results));
  if (failures > 0) throw new Error(`${failures} of ${results.length} tests failed`);
}

/** An extension host's output is the editor's log; the runner outside reports. */
class Quiet extends Mocha.reporters.Base {
  override epilogue(): void {
    // Nothing to print.
  }
}

function resultOf(test: Mocha.Test | Mocha.Hook, error?: Error): TestResult {
  const failure = error && { error: error.stack ?? error.message };
  return { suite: test.parent?.title ?? '', title: test.title, ...failure };
}
