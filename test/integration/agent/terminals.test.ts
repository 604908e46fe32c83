import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { constants } from 'node:os';
import * as path from 'node:path';
import { silentLogger } from '../../../src/base/logger';
import { chooseTerminals } from '../../../src/agent/terminals/choose';
import { noTerminals } from '../../../src/agent/terminals/none';
import { pythonTerminals } from '../../../src/agent/terminals/python';
import { scriptTerminals } from '../../../src/agent/terminals/script';
import type { TerminalMaker } from '../../../src/agent/terminals/terminal';
import { listProcesses } from '../../../src/processes/procfs';
import type { HostProcess } from '../../../src/processes/hostProcess';
import { eventually } from '../../helpers/eventually';
import { sha256 } from '../../helpers/remoteProcess';
import { requireTool } from '../../helpers/require';
import { useTempDir } from '../../helpers/tempDir';
import { isRunning } from '../../helpers/processes';

const { SIGHUP, SIGKILL } = constants.signals;

const ways: readonly { readonly tool: string; readonly make: () => TerminalMaker }[] = [
  { tool: 'python3', make: () => pythonTerminals(realPython()) },
  { tool: 'script', make: () => scriptTerminals },
];

for (const { tool, make } of ways) {
  describe(`terminals made by ${tool}`, () => {
    before(function () {
      requireTool(this, tool, 'stty', 'bash');
    });

    it('have a size and a name from the start', async () => {
      const terminal = await open(make(), [
        'sh',
        '-c',
        'stty size; tty; test -t 0 -a -t 1 -a -t 2 && echo all',
      ]);

      assert.equal(await terminal.exited(), 0);
      assert.match(terminal.shown(), /^17 91\r\n\/dev\/pts\/\d+\r\nall\r\n$/);
    });

    it('tell the program in the foreground of another size', async () => {
      const script =
        'trap "stty size" WINCH; echo ready; until [ "$(stty size)" = "33 101" ]; do read -t 0.05; done; exit 0';
      const terminal = await open(make(), ['bash', '-c', script]);
      await terminal.shows(/ready/);

      terminal.process.resize(101, 33);

      assert.equal(await terminal.exited(), 0);
      assert.match(terminal.shown(), /33 101/);
    });

    it('pass the exit code', async () => {
      const terminal = await open(make(), ['sh', '-c', 'exit 7']);

      assert.equal(await terminal.exited(), 7);
    });

    it('give the command its environment and nothing else', async () => {
      const env = { PATH: process.env['PATH'], SHELL: '/bin/none', ODD: 'a=b\n"c', LANG: 'C' };
      const terminal = await open(make(), ['env', '-0'], { env });

      assert.equal(await terminal.exited(), 0);
      const entries = terminal
        .shown()
        .split('\0')
        .filter((entry) => entry !== '' && !/^(_|PWD|OLDPWD|SHLVL)=/.test(entry));
      assert.deepEqual(
        entries.sort(),
        Object.entries({ ...env, ODD: 'a=b\r\n"c' })
          .map(([name, value]) => `${name}=${value ?? ''}`)
          .sort(),
      );
    });

    it('leave the command no descriptors but its three', async () => {
      const terminal = await open(make(), ['sh', '-c', 'ls /proc/$$/fd']);

      assert.equal(await terminal.exited(), 0);
      const numbers = terminal.shown().trim().split(/\s+/).map(Number);
      // What this test's own runner leaves open is no concern of a terminal's.
      assert.deepEqual(
        numbers.filter((number) => number < 10),
        [0, 1, 2],
      );
    });

    it('let an interactive shell control its jobs', async () => {
      const terminal = await open(make(), ['bash', '--norc', '-i']);

      terminal.type('sleep 100 &\r');
      await terminal.shows(/\[1\]/);
      terminal.type(`PS1='<$?>'; sh -c "echo be''gin; exec sleep 60"\r`);
      await terminal.shows(/begin/);
      terminal.type('\x03');
      await terminal.shows(/<130>/);
      terminal.type('kill %1; exit 4\r');

      assert.equal(await terminal.exited(), 4);
      assert.doesNotMatch(terminal.shown(), /no job control/);
    });

    it('are 8-bit clean and lose nothing of a large paste', async () => {
      const paste = randomBytes(256 * 1024);
      const terminal = await open(make(), [
        'sh',
        '-c',
        `stty raw -echo; echo ready; head -c ${paste.length} | sha256sum`,
      ]);
      await terminal.shows(/ready/);

      terminal.process.stdin.write(paste);

      await terminal.shows(new RegExp(sha256(paste)));
    });

    it('lose nothing of much output that is read late', async () => {
      const terminal = await open(make(), ['seq', '1', '100000'], { hold: true });
      await eventually(() => assert.ok(terminal.process.stdout.readableLength > 0));
      terminal.listen();

      assert.equal(await terminal.exited(), 0);
      assert.equal(
        terminal.shown(),
        Array.from({ length: 100_000 }, (_, index) => `${index + 1}\r\n`).join(''),
      );
    });

    it('hang up when their input ends: a program that heeds SIGHUP is gone', async () => {
      const terminal = await open(make(), ['bash', '--norc', '-i']);
      terminal.type('echo $$-be""gin\r');
      await terminal.shows(/begin/);

      terminal.process.stdin.end();

      await terminal.exited();
      assert.equal(isRunning(Number(/(\d+)-begin/.exec(terminal.shown())?.[1])), false);
    });

    it('are rid of all their processes when killed', async () => {
      const terminal = await open(make(), [
        'bash',
        '--norc',
        '-c',
        'trap "" HUP TERM; sleep 1000 & echo $$-begin; sleep 1000',
      ]);
      await terminal.shows(/begin/);
      const session = Number(/(\d+)-begin/.exec(terminal.shown())?.[1]);
      terminal.process.signal(SIGHUP);

      terminal.process.kill();

      await terminal.exited();
      await eventually(() =>
        assert.deepEqual(
          listProcesses().filter((one) => one.session === session),
          [],
        ),
      );
    });

    it('say what cannot be run', async () => {
      const terminal = await open(make(), ['/no/such/program']);

      assert.equal(await terminal.exited(), 127);
      assert.match(terminal.shown(), /\/no\/such\/program.*not found|No such file/);
    });
  });
}

describe('terminals made by python3 beyond what script can do', () => {
  before(function () {
    requireTool(this, 'python3');
  });

  it('tell the signal that ended the command', async () => {
    const terminal = await open(pythonTerminals(realPython()), ['sh', '-c', 'kill -9 $$']);

    assert.equal(await terminal.exited(), -SIGKILL);
  });

  it('take ^C while nobody reads the output', async () => {
    const terminal = await open(
      pythonTerminals(realPython()),
      ['sh', '-c', 'trap "exit 5" INT; echo ready; yes'],
      { hold: true },
    );
    await eventually(() => assert.ok(terminal.process.stdout.readableLength > 100_000));

    terminal.type('\x03');
    terminal.listen();

    assert.equal(await terminal.exited(), 5);
  });

  it('go on when the command has closed its ends', async () => {
    const terminal = await open(pythonTerminals(realPython()), [
      'sh',
      '-c',
      'exec <&- >&- 2>&-; sleep 0.2; exit 6',
    ]);

    assert.equal(await terminal.exited(), 6);
  });
});

describe('without a program that makes terminals', () => {
  it('a command gets a pipe and a notice', async () => {
    const terminal = await open(noTerminals, ['sh', '-c', 'echo out; echo err >&2; test -t 0 || exit 3']);
    terminal.process.stdin.end();

    assert.equal(await terminal.exited(), 3);
    assert.match(terminal.shown(), /^cloud-sandboxes: .* no terminal .*\r\nout\nerr\n$/);
  });
});

describe('the choice of a terminal maker', () => {
  const dir = useTempDir();
  /** A PATH on which there is only what is given. */
  const withPath = (tools: Readonly<Record<string, string>>): NodeJS.ProcessEnv => {
    for (const [name, target] of Object.entries(tools))
      execFileSync('ln', ['-s', target, path.join(dir.path, name)]);
    return { PATH: dir.path };
  };

  it("passes over busybox's script", async function () {
    requireTool(this, 'busybox');
    const busybox = execFileSync('sh', ['-c', 'command -v busybox']).toString().trim();

    const { name } = await chooseTerminals(withPath({ script: busybox }), silentLogger, []);

    assert.equal(name, 'none');
  });

  it('takes script where there is no python3', async function () {
    requireTool(this, 'script');

    const { name } = await chooseTerminals(withPath({ script: '/usr/bin/script' }), silentLogger, []);

    assert.equal(name, 'script');
  });

  it('takes python3 where there is one', async function () {
    requireTool(this, 'python3');

    assert.equal((await chooseTerminals(process.env, silentLogger)).name, 'python3');
  });
});

interface OpenTerminal {
  readonly process: HostProcess;
  type(text: string): void;
  shown(): string;
  shows(pattern: RegExp): Promise<void>;
  listen(): void;
  /** After the last output. */
  exited(): Promise<number>;
}

/** Starts a command in a terminal of 91 × 17 and takes in what it shows, unless that is to be held. */
async function open(
  maker: TerminalMaker,
  argv: readonly [string, ...string[]],
  { env = process.env, hold = false }: { env?: NodeJS.ProcessEnv; hold?: boolean } = {},
): Promise<OpenTerminal> {
  const started = await maker.start({ argv, env, cwd: '/', columns: 91, rows: 17 });
  const chunks: Buffer[] = [];
  const ended = new Promise((resolve) => started.stdout.once('end', resolve));
  const listen = (): void => void started.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const shown = (): string => Buffer.concat(chunks).toString('latin1');
  if (!hold) listen();
  return {
    process: started,
    type: (text) => started.stdin.write(text),
    shown,
    shows: (pattern) => eventually(() => assert.match(shown(), pattern)),
    listen,
    exited: async () => {
      await ended;
      return started.exited;
    },
  };
}

let interpreter: string | undefined;
/** `python3` may be a launcher script. */
function realPython(): string {
  interpreter ??= execFileSync('python3', ['-c', 'import sys; print(sys.executable)']).toString().trim();
  return interpreter;
}
