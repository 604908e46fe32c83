import assert from 'node:assert/strict';
import * as path from 'node:path';
import { readAll, sha256, sha256Of } from '../../helpers/remoteProcess';
import type { Terminal } from '../../helpers/sshHost';
import { define, type Case } from '../case';
import { assertOutcome, textOf, comparableText } from '../commands';
import type { Target } from '../target';

const SIZE = { columns: 91, rows: 17 };

interface Scene {
  readonly name: string;
  /** Of ssh, after the host. */
  readonly command?: string;
  /** What the person types, and waits to see. */
  readonly play: (terminal: Terminal) => Promise<void>;
  readonly code?: number;
}

/** A case in which only what a person waits for counts, since echo and prompt come as they come. */
function scene({ name, command, play, code = 0 }: Scene): Case {
  return define({
    name,
    run: async ({ host }) => {
      const terminal = host.openTerminal(SIZE, command === undefined ? [] : [command]);
      await play(terminal);
      return { code: await terminal.exited };
    },
    check: (result) => assert.equal(result.code, code),
  });
}

/** A case of a command that is not typed to: all that it shows counts. */
function show(
  name: string,
  command: string,
  shows: RegExp,
  others: Partial<Case> & { code?: number } = {},
): Case {
  const { code = 0, ...rest } = others;
  return define({
    name,
    run: async ({ host }) => {
      const terminal = host.openTerminal(SIZE, [command]);
      const exited = await terminal.exited;
      await terminal.shows(/closed/);
      return { code: exited, screen: comparableText(host, terminal.screen) };
    },
    check: (result: { code: number; screen: string }) => {
      assert.match(result.screen, shows);
      if (!rest.differs) assert.equal(result.code, code);
    },
    ...rest,
  } as Case<{ code: number; screen: string }>);
}

/** The type of a terminal in the sandbox where this computer's has none. */
async function typeWithoutTerm({ host }: Target): Promise<string> {
  const args = ['-u', 'TERM', 'ssh', '-F', host.configFile, '-tt', host.alias, 'printenv TERM || echo none'];
  const ssh = host.spawnPlain('env', args, { stdio: ['ignore', 'pipe', 'ignore'] });
  return String(await readAll(ssh.stdout!));
}

export const terminalCases: readonly Case[] = [
  show(
    'has the size and type that ssh asks for, and a name',
    'stty size; echo $TERM; test -t 0 -a -t 1 -a -t 2 && [ "$(tty)" = "$SSH_TTY" ] && echo named',
    /^17 91\r\nxterm-test\r\nnamed\r\n/,
  ),
  define({
    name: 'has no type where this computer has none',
    run: async (target) => ({ stdout: await typeWithoutTerm(target) }),
    check: ({ stdout }) => assert.equal(stdout, 'none\r\n'),
    impossible: {
      backends: ['sshd'],
      why: 'ssh2 asks for no terminal without a type',
      isRefused: async (target) => assert.equal(await typeWithoutTerm(target), 'dumb\r\n'),
    },
  }),
  show(
    'is in the modes that ssh asks for',
    // These two are no part of what SSH can ask for (RFC 4254 section 8).
    'stty -a | sed "s/-*hupcl//; s/-*brkint//"',
    /speed 38400 baud; rows 17; columns 91/,
  ),
  scene({
    name: 'erases a whole character of two bytes',
    command: 'echo re""ady; head -n 1 | od -An -tx1',
    play: async (terminal) => {
      await terminal.shows(/ready/);
      terminal.type('aü\x7fb\r');
      await terminal.shows(/ 61 62 0a/);
    },
  }),
  show('shows stderr too', 'echo out; echo err >&2', /^out\r\nerr\r\n/),
  show('passes the exit code of a command', 'exit 3', /^Connection to HOST closed/, { code: 3 }),
  show(
    'passes the exit code of a command that has closed its terminal',
    'exec <&- >&- 2>&-; sleep 0.2; exit 4',
    /^Connection to HOST closed/,
    { code: 4 },
  ),
  show(
    'ends with a command that a signal ends',
    'exec sh -c "kill -TERM \\$\\$"',
    /^Connection to HOST closed/,
    {
      differs: {
        what: 'code',
        why: 'the terminal of a bubblewrap sandbox is made by script(1), which tells a signal as 128 + its number',
      },
    },
  ),
  define({
    name: 'loses nothing of much output',
    run: async ({ host }) => {
      // To a pipe, since a terminal of this computer might lose what ssh prints last.
      const ssh = host.spawn('ssh', ['-tt', host.alias, 'seq 1 200000'], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      return { lines: await sha256Of(ssh.stdout!) };
    },
    check: ({ lines }) => {
      const expected = Array.from({ length: 200_000 }, (_, index) => `${index + 1}\r\n`);
      assert.equal(lines, sha256(Buffer.from(expected.join(''))));
    },
  }),
  scene({
    name: 'runs an interactive login shell',
    play: async (terminal) => {
      terminal.type('[[ $- = *i* ]] && shopt -q login_shell && echo be""gin\r');
      await terminal.shows(/begin/);
      terminal.type('exit 4\r');
    },
    code: 4,
  }),
  scene({
    name: 'follows the size of the window',
    play: async (terminal) => {
      terminal.type('stty size | tr " " x\r');
      await terminal.shows(/17x91/);
      terminal.pty.resize(101, 33);
      // The new size travels beside the typed text: ask until it has arrived.
      terminal.type('until stty size | tr " " x | grep 33x""101; do sleep 0.1; done\r');
      await terminal.shows(/33x101/);
      terminal.type('exit\r');
    },
  }),
  scene({
    name: 'interrupts the foreground command by ^C',
    play: async (terminal) => {
      terminal.type(`PS1='<$?>'; sh -c "echo be''gin; exec sleep 60"\r`);
      await terminal.shows(/begin/);
      terminal.type('\x03');
      await terminal.shows(/<130>/);
      terminal.type('exit 0\r');
    },
  }),
  scene({
    name: 'stops a job by ^Z, lists it, and brings it to the foreground',
    play: async (terminal) => {
      terminal.type('sh -c "echo be\'\'gin; exec sed -u s/^/got:/"\r');
      await terminal.shows(/begin/);
      terminal.type('\x1a');
      await terminal.showsAfter('jobs | sed s/^/job:/\r', /job:\[1\]\+\s+Stopped/);
      terminal.type('fg\r');
      // What is typed before the job is in the foreground may go to the shell, or be dropped.
      await terminal.showsAfter('word\r', /got:word/);
      terminal.type('\x04');
      terminal.type('exit 0\r');
    },
  }),
  scene({
    name: 'runs a job in the background and ends it',
    play: async (terminal) => {
      terminal.type('sleep 60 & kill %1; wait %1; echo status=$?\r');
      await terminal.shows(/status=143/);
      terminal.type('exit 0\r');
    },
  }),
  define({
    name: 'leaves a job alone that is protected from its end (nohup), when ssh is killed',
    run: async ({ host }) => {
      const terminal = host.openTerminal(SIZE);
      // Told by what nohup has started: it is some milliseconds old before it is protected.
      terminal.type(`nohup sh -c 'echo pid=$$ >/dev/tty; exec sleep 1000' >/dev/null 2>&1 &\r`);
      await terminal.shows(/pid=\d+\r/);
      const [, job] = /pid=(\d+)/.exec(terminal.screen) ?? [];
      terminal.pty.kill('SIGKILL');
      await terminal.exited;
      // Longer than what is left of a connection may stay.
      const { stdout } = await host.ssh(`sleep 5; kill ${job} && echo alive`);
      return { stdout: String(stdout) };
    },
    check: ({ stdout }) => assert.equal(stdout, 'alive\n'),
  }),
  scene({
    name: 'ends the shell by ^D',
    play: async (terminal) => {
      terminal.type('echo be""gin\r');
      await terminal.shows(/begin/);
      terminal.type('\x04');
    },
  }),
  scene({
    name: 'reads what is typed without echo',
    command: 'stty -echo; printf re""ady; read -r secret; stty echo; echo "<$secret>"',
    play: async (terminal) => {
      await terminal.shows(/ready/);
      terminal.type('word\r');
      await terminal.shows(/<word>/);
      assert.equal(terminal.screen.split('word').length, 2);
    },
  }),
  scene({
    name: 'passes any text that is typed',
    command: 'stty raw -echo; echo re""ady; head -c 8 | od -An -tx1',
    play: async (terminal) => {
      await terminal.shows(/ready/);
      terminal.type('\x01\x03\x04\x1aüß'); // 8 bytes
      await terminal.shows(/01 03 04 1a c3 bc c3 9f/);
    },
  }),
  show(
    'runs vim in Ex mode',
    "printf 'one\\ntwo\\n' >work/text; vim -es -u NONE -c '%s/one/1/' -c wq work/text; cat work/text",
    /1\r\ntwo\r\n/,
  ),
  scene({
    name: 'runs vim on the whole screen',
    command: 'TERM=xterm vim -u NONE work/text',
    play: async (terminal) => {
      await terminal.shows(/work\/text/);
      terminal.type('iword\x1b:wq\r');
    },
  }),
  scene({
    name: 'runs less',
    command: 'seq 1 500 | sed s/^/line:/ >work/lines; TERM=xterm less work/lines',
    play: async (terminal) => {
      await terminal.shows(/line:16/);
      terminal.type('G');
      await terminal.shows(/line:500/);
      terminal.type('q');
    },
  }),
  scene({
    name: 'runs top',
    command: 'TERM=xterm top',
    play: async (terminal) => {
      await terminal.shows(/PID/);
      terminal.type('q');
    },
  }),
  show('runs top in batch mode', 'top -b -n 1 | grep -c PID', /^1\r\n/),
  define({
    name: 'is there with -tt though the input is a pipe',
    run: async ({ host }) => {
      const { code, stdout } = await host.run(
        'ssh',
        ['-tt', host.alias],
        'test -t 0 && echo be""gin\nexit 3\n',
      );
      return { code, begun: String(stdout).includes('begin') };
    },
    check: (result) => assert.deepEqual(result, { code: 3, begun: true }),
  }),
  define({
    name: 'takes the end of input for nothing',
    run: async ({ host }) => {
      const args = ['-tt', host.alias, 'sleep 0.5; echo fine; read -t 1 line || echo still open'];
      const { code, stdout } = await host.run('ssh', args);
      return { code, stdout: String(stdout) };
    },
    check: (result) => assert.deepEqual(result, { code: 0, stdout: 'fine\r\nstill open\r\n' }),
  }),
  define({
    name: 'is not there with -t when the input is a pipe, and ssh says so',
    run: async ({ host }) =>
      textOf(host, await host.run('ssh', ['-t', host.alias, 'test -t 0 || echo none'])),
    check: (outcome) =>
      assertOutcome(outcome, { stdout: 'none\n', stderr: /Pseudo-terminal will not be allocated/ }),
  }),
  define({
    name: 'is not there with -T on a terminal of this computer',
    run: async ({ host, dir }) => {
      const log = path.join(dir, 'typescript');
      const line = `ssh -F ${host.configFile} -T ${host.alias} 'test -t 0 || echo none'`;
      const { stdout } = await host.runPlain('script', ['-qec', line, log]);
      return { stdout: String(stdout) };
    },
    check: ({ stdout }) => assert.equal(stdout, 'none\r\n'),
  }),
];
