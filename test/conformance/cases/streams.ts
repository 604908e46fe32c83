import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { once } from 'node:events';
import { readAll, sha256, sha256Of } from '../../helpers/remoteProcess';
import { define, type Case } from '../case';
import { assertOutcome, command, textOf, type TextOutcome } from '../commands';
import { inParallel } from '../parallel';
import type { Target } from '../target';

/** Random, so that nothing on the way can compress or guess it. */
const DATA = randomBytes(100_000_000);
const DATA_SHA = sha256(DATA);
const STDERR_BYTES = 20_000_000;

/** Everything a command prints, as its hash. */
async function hashedSsh({ host }: Target, line: string, input?: string): Promise<Record<string, unknown>> {
  const stdin = input === undefined ? 'ignore' : openSync(input, 'r');
  const child = host.spawn('ssh', [host.alias, line], { stdio: [stdin, 'pipe', 'pipe'] });
  if (typeof stdin === 'number') closeSync(stdin);
  const [stdout, stderr, [code]] = await Promise.all([
    sha256Of(child.stdout!),
    sha256Of(child.stderr!),
    once(child, 'exit') as Promise<[number]>,
  ]);
  return { code, stdout, stderr };
}

const STDERR_SHA = sha256(Buffer.alloc(STDERR_BYTES, 'e'));
const NOTHING_SHA = sha256(Buffer.alloc(0));
const COMPLAIN = `head -c ${STDERR_BYTES} /dev/zero | tr '\\0' e >&2`;

const transfers = [
  { way: 'out of', line: 'cat work/data', stdout: DATA_SHA, stderr: NOTHING_SHA },
  { way: 'out of', line: `${COMPLAIN} & cat work/data; wait`, stdout: DATA_SHA, stderr: STDERR_SHA },
  { way: 'into', line: 'cat >work/data', stdout: NOTHING_SHA, stderr: NOTHING_SHA },
  { way: 'into', line: `${COMPLAIN} & cat >work/data; wait`, stdout: NOTHING_SHA, stderr: STDERR_SHA },
  { way: 'into and out of', line: 'tee work/data', stdout: DATA_SHA, stderr: NOTHING_SHA },
];

/** Later than what a server waits that takes the end of a command for the end of its output. */
const LATE_JOB = '(sleep 4; echo later) & echo first';

export const streamCases: readonly Case[] = [
  ...transfers.map(({ way, line, stdout, stderr }) =>
    define({
      name: `carries 100 MB ${way} the sandbox unchanged${stderr === STDERR_SHA ? ', with traffic on stderr' : ''}`,
      run: async (target) => {
        const source = way === 'out of' ? path.join(target.work, 'data') : path.join(target.dir, 'data');
        writeFileSync(source, DATA);
        return hashedSsh(target, line, way === 'out of' ? undefined : source);
      },
      check: (result, effects) => {
        assert.deepEqual(result, { code: 0, stdout, stderr });
        assert.equal(effects['data'], `644 ${DATA_SHA}`);
      },
    }),
  ),
  command('prints what the command prints', 'echo out', { stdout: 'out\n' }),
  command('adds nothing to output without a line end', 'printf out', { stdout: 'out' }),
  command('keeps stderr apart', 'echo out; echo err >&2', { stdout: 'out\n', stderr: 'err\n' }),
  // One packet, and nearly the longest argument that Linux takes (MAX_ARG_STRLEN).
  command('takes a command line of 130,000 bytes', `printf %s ${'a'.repeat(129_983)} | wc -c`, {
    stdout: '129983\n',
  }),
  define({
    name: 'takes a command line that is not UTF-8',
    run: async ({ host }) => {
      // A program's arguments are text to Node.
      const script = `ssh -F "$1" "$2" "$(printf 'printf "caf\\351" >work/data')"`;
      return textOf(host, await host.runPlain('bash', ['-c', script, 'bash', host.configFile, host.alias]));
    },
    check: (outcome, effects) => {
      assertOutcome(outcome, {});
      assert.deepEqual(effects, { data: `644 ${sha256(Buffer.from('caf\xe9', 'latin1'))}` });
    },
  }),
  command('passes stdin and its end', 'cat; echo end', { input: 'in\n', stdout: 'in\nend\n' }),
  command('passes stdin that ends at once', 'cat; echo end', { stdout: 'end\n' }),
  command('has no stdin with -n', 'cat; echo end', { options: ['-n'], input: 'in\n', stdout: 'end\n' }),
  command('takes input that the command does not read', 'exec <&-; echo done', {
    input: 'x'.repeat(1_000_000),
    stdout: 'done\n',
  }),
  define({
    name: 'has nothing to say about much input that comes after the end of the command',
    run: async ({ host }) => {
      const outcomes: TextOutcome[] = [];
      await inParallel(Array.from({ length: 8 }), async () => {
        outcomes.push(textOf(host, await host.ssh('exit 3', DATA)));
      });
      return { outcomes };
    },
    check: ({ outcomes }) => outcomes.forEach((outcome) => assertOutcome(outcome, { code: 3 })),
  }),
  command('goes on when the command has closed its outputs', 'exec >&- 2>&-; sleep 0.2; exit 3', { code: 3 }),
  command('reads on when the command has closed its outputs', 'exec >&- 2>&-; cat >work/in', {
    input: 'x'.repeat(1_000_000),
  }),
  command('prints on when the command has closed stdout alone', 'exec >&-; echo err >&2; exit 3', {
    stderr: 'err\n',
    code: 3,
  }),
  command('shows what a job in its background prints after it has ended', LATE_JOB, {
    stdout: 'first\nlater\n',
    impossible: {
      backends: ['exec'],
      why: 'an exec of a cloud ends with its command',
      isRefused: async ({ host }) =>
        assertOutcome(textOf(host, await host.ssh(LATE_JOB)), { stdout: 'first\n' }),
    },
  }),
  define({
    name: 'carries output after the end of input',
    run: async ({ host }) => {
      const child = host.spawn('ssh', [host.alias, 'cat; for i in 1 2 3; do sleep 0.1; echo $i; done']);
      child.stdin!.end('in\n');
      return { stdout: String(await readAll(child.stdout!)) };
    },
    check: ({ stdout }) => assert.equal(stdout, 'in\n1\n2\n3\n'),
  }),
  define({
    name: 'answers line by line while both ends stay open',
    run: async ({ host }) => {
      const child = host.spawn('ssh', [host.alias, 'while read -r line; do echo "<$line>"; done']);
      const answers: string[] = [];
      for (const word of ['one', 'two', 'three']) {
        child.stdin!.write(`${word}\n`);
        let answer = '';
        while (!answer.endsWith('\n')) answer += String(((await once(child.stdout!, 'data')) as [Buffer])[0]);
        answers.push(answer);
      }
      child.stdin!.end();
      const [code] = (await once(child, 'exit')) as [number];
      return { answers, code };
    },
    check: (result) => assert.deepEqual(result, { answers: ['<one>\n', '<two>\n', '<three>\n'], code: 0 }),
  }),
  define({
    name: 'ends a command whose output nobody reads any more (| head -1)',
    run: async ({ host }) => {
      const script = 'ssh -F "$1" "$2" yes | head -1; echo "${PIPESTATUS[0]}"';
      const args = ['-c', script, 'bash', host.configFile, host.alias];
      return { stdout: String((await host.runPlain('bash', args)).stdout) };
    },
    check: ({ stdout }) => assert.equal(stdout, 'y\n255\n'),
  }),
  define({
    name: 'ends a command that reads and prints when nobody reads its output any more',
    run: async ({ host }) => {
      const args = ['-c', 'yes | ssh -F "$1" "$2" cat | head -1', 'bash', host.configFile, host.alias];
      return { stdout: String((await host.runPlain('bash', args)).stdout) };
    },
    check: ({ stdout }) => assert.equal(stdout, 'y\n'),
  }),
];
