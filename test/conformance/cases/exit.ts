import assert from 'node:assert/strict';
import { define, type Case } from '../case';
import { command } from '../commands';
import { withMaster } from '../master';
import { inParallel } from '../parallel';

/** Of RFC 4254 section 6.10, as far as a shell can send them to itself. */
const SIGNALS = [
  'ABRT',
  'ALRM',
  'FPE',
  'HUP',
  'ILL',
  'INT',
  'KILL',
  'PIPE',
  'QUIT',
  'SEGV',
  'TERM',
  'USR1',
  'USR2',
];
const CODES = Array.from({ length: 256 }, (_, code) => code);

export const exitCases: readonly Case[] = [
  define({
    name: 'passes each exit code from 0 to 255',
    run: (target) =>
      withMaster(target, async (ssh) => {
        const codes: (number | null)[] = [];
        await inParallel(CODES, async (code) => {
          codes[code] = (await ssh(`exit ${code}`)).code;
        });
        return { codes };
      }),
    check: ({ codes }) => assert.deepEqual(codes, CODES),
    timeoutMs: 120_000,
  }),
  define({
    name: 'tells death by a signal, each that SSH has a name for',
    run: async ({ host }) => {
      const told: Record<string, unknown> = {};
      await inParallel(SIGNALS, async (signal) => {
        const { code, stderr } = await host.run('ssh', [
          '-v',
          host.alias,
          `exec sh -c "kill -${signal} \\$\\$"`,
        ]);
        told[signal] = [code, /rtype (exit-\w+)/.exec(stderr)?.[1]];
      });
      return { told };
    },
    check: ({ told }) =>
      assert.deepEqual(told, Object.fromEntries(SIGNALS.map((signal) => [signal, [255, 'exit-signal']]))),
  }),
  command('reports a missing command as 127, in the words of the shell', 'no-such-command', {
    code: 127,
    stderr: 'bash: line 1: no-such-command: command not found\n',
  }),
  command('reports a file that is no program as 126', '/etc/passwd', {
    code: 126,
    stderr: /^bash: line 1: /,
  }),
  command('reports a part of a command that died as the shell does', 'sh -c "kill -9 \\$\\$"; echo $?', {
    stdout: '137\n',
    stderr: /Killed/,
    differs: { what: 'stderr', why: 'bash says the number of the process' },
  }),
];
