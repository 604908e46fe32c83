import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { requireTool } from '../../helpers/require';
import { useSandbox } from '../../helpers/sandboxOverSsh';
import { withoutWaits } from '../../helpers/waits';

// Sandboxes of bubblewrap are what test/conformance compares with sshd.
describe('ssh into a sandbox of plain processes', () => {
  const sandbox = useSandbox({ runtime: 'process' }, (context) => requireTool(context, 'ssh'));

  const commands = [
    { name: 'prints what the command prints', command: 'echo out', stdout: 'out\n' },
    { name: 'keeps stderr apart', command: 'echo out; echo err >&2', stdout: 'out\n', stderr: 'err\n' },
    { name: 'passes exit code 0', command: 'true' },
    { name: 'passes exit code 1', command: 'false', code: 1 },
    { name: 'passes exit code 255', command: 'exit 255', code: 255 },
    { name: 'reports a missing command as 127', command: 'no-such-command 2>/dev/null', code: 127 },
    { name: 'passes stdin and its end', command: 'cat', input: 'in\n', stdout: 'in\n' },
    { name: 'starts in the home folder', command: '[ "$PWD" = "$HOME" ] && echo home', stdout: 'home\n' },
    { name: 'runs the line by a shell', command: 'x=1; echo "$((x + 1))" | cat', stdout: '2\n' },
    {
      name: 'ends with the command, not with its background jobs',
      command: 'sleep 60 & echo $!',
      stdout: /^\d+\n$/,
    },
    { name: 'shows an early end of output', command: 'exec >&- 2>&-; sleep 0.2; exit 3', code: 3 },
  ];
  for (const { name, command, input = '', stdout = '', stderr = '', code = 0 } of commands) {
    it(name, async () => {
      const outcome = await sandbox.current.ssh(command, input);

      if (stdout instanceof RegExp) assert.match(outcome.stdout.toString(), stdout);
      else assert.equal(outcome.stdout.toString(), stdout);
      assert.equal(withoutWaits(outcome.stderr), stderr);
      assert.equal(outcome.code, code);
    });
  }

  it('reports death by a signal as ssh does: code 255', async () => {
    const { code } = await sandbox.current.ssh('kill -TERM $$');

    assert.equal(code, 255);
  });

  it('carries every byte unchanged, both ways', async () => {
    const data = randomBytes(16 * 1024 * 1024);

    const { stdout, code } = await sandbox.current.ssh('cat', data);

    assert.equal(code, 0);
    assert.ok(stdout.equals(data));
  });

  it('carries stdout and stderr at once', async () => {
    const size = 8 * 1024 * 1024;

    const { stdout, stderr } = await sandbox.current.ssh(
      `head -c ${size} /dev/zero | tr '\\0' a & head -c ${size} /dev/zero | tr '\\0' b >&2; wait`,
    );

    assert.equal(stdout.toString(), 'a'.repeat(size));
    assert.equal(stderr, 'b'.repeat(size));
  });

  it('gives the command its environment', async () => {
    const { alias } = sandbox.current;

    const { stdout } = await sandbox.current.run('ssh', [
      '-o',
      'SetEnv=FOO=bar LANG=C.UTF-8',
      alias,
      'echo $FOO $LANG',
    ]);

    assert.equal(stdout.toString(), 'bar C.UTF-8\n');
  });

  it('feeds a script to a login shell that has no terminal', async () => {
    const script = 'echo "ready: marker"; uname -s; echo "$0"; exit 5\n';

    const { stdout, code } = await sandbox.current.run('ssh', ['-T', sandbox.current.alias], script);

    assert.match(stdout.toString(), /^ready: marker\n\w+\n\S*(ba|a|da)?sh\n$/);
    assert.equal(code, 5);
  });

  it('ends the command when nobody reads its output', async () => {
    const { configFile, alias } = sandbox.current;

    const { stdout } = await promisify(execFile)('sh', [
      '-c',
      `ssh -F "${configFile}" ${alias} yes | head -1`,
    ]);

    assert.equal(stdout, 'y\n');
  });

  it('gives a terminal of the size and type that ssh asks for', async () => {
    const terminal = sandbox.current.openTerminal({ columns: 91, rows: 17 }, ['stty size; echo $TERM; tty']);

    assert.equal(await terminal.exited, 0);
    assert.match(terminal.screen, /17 91\r\nxterm-test\r\n\/dev\//);
  });

  it('follows the terminal when its size changes', async () => {
    const terminal = sandbox.current.openTerminal({ columns: 80, rows: 24 });
    terminal.type('stty size\r');
    await terminal.shows(/24 80/);

    terminal.pty.resize(101, 33);
    // The new size travels beside the typed text: ask until it has arrived.
    terminal.type('until stty size | grep "33 1"01; do sleep 0.1; done\r');

    await terminal.shows(/33 101/);
    terminal.type('exit 4\r');
    assert.equal(await terminal.exited, 4);
  });

  it('interrupts the foreground command by ^C', async () => {
    const terminal = sandbox.current.openTerminal({ columns: 80, rows: 24 });
    // One program: bash loses a ^C that comes between two.
    terminal.type(`sh -c "echo be''gin; exec sleep 60"\r`);
    await terminal.shows(/begin/);

    terminal.type('\x03');
    terminal.type('echo status=$?\r');

    await terminal.shows(/status=130/);
    terminal.type('exit\r');
    await terminal.exited;
  });
});
