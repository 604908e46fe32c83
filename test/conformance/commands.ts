import assert from 'node:assert/strict';
import type { Outcome, SshHost } from '../helpers/sshHost';
import { withoutWaits } from '../helpers/waits';
import { define, type Case } from './case';

/** What a client that ran to its end has left, as text that does not tell one host from another. */
export interface TextOutcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function textOf(host: SshHost, { code, signal, stdout, stderr }: Outcome): TextOutcome {
  return { code, signal, stdout: stdout.toString(), stderr: comparableText(host, stderr) };
}

/** Text that tells neither one host from another nor a slow connection from a quick one. */
export function comparableText(host: SshHost, text: string): string {
  return withoutWaits(text).replaceAll(host.alias, 'HOST').replaceAll('127.0.0.1', 'HOST');
}

/** What is expected of a command; without it: success, and not a word. */
export interface Expected {
  readonly code?: number;
  readonly stdout?: string | RegExp;
  readonly stderr?: string | RegExp;
}

export function assertOutcome(outcome: Omit<TextOutcome, 'signal'>, expected: Expected): void {
  const { code = 0, stdout = '', stderr = '' } = expected;
  assertText(outcome.stderr, stderr, 'stderr');
  assertText(outcome.stdout, stdout, 'stdout');
  assert.equal(outcome.code, code, 'exit code');
}

function assertText(actual: string, expected: string | RegExp, what: string): void {
  if (expected instanceof RegExp) assert.match(actual, expected, `${what}: ${actual}`);
  else assert.equal(actual, expected, what);
}

export interface CommandOptions extends Expected, Pick<Case, 'differs' | 'impossible'> {
  readonly input?: string;
  /** Of ssh. */
  readonly options?: readonly string[];
}

/** A case of one `ssh host COMMAND`; without a command, `ssh host` and the user's login shell. */
export function command(name: string, line: string | undefined, options: CommandOptions = {}): Case {
  const { input = '', options: ssh = [], differs, impossible, ...expected } = options;
  return define({
    name,
    run: async ({ host }) => {
      const outcome = await host.run(
        'ssh',
        [...ssh, host.alias, ...(line === undefined ? [] : [line])],
        input,
      );
      return textOf(host, outcome);
    },
    check: (outcome) => assertOutcome(outcome, expected),
    ...(differs && { differs }),
    ...(impossible && { impossible }),
  });
}
