import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { connectTo, ForwardingSsh, freePort } from '../helpers/forwards';
import { eventually } from '../helpers/eventually';
import { withLocalServer } from '../helpers/localServer';
import { readAll } from '../helpers/remoteProcess';
import { makeBusyboxRoot } from '../helpers/busyboxRoot';
import { requireTool } from '../helpers/require';
import { useSandbox } from '../helpers/sandboxOverSsh';
import { withoutWaits } from '../helpers/waits';

describe('ssh into a bare sandbox: a shell, ten programs and nothing else', () => {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'sbx-bare-'));
  const image = path.join(dir, 'root');
  const sandbox = useSandbox({ runtime: 'bubblewrap', image }, (context) => {
    requireTool(context, 'ssh', 'bwrap', 'busybox');
    makeBusyboxRoot(dir);
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  const commands = [
    { name: 'prints what the command prints', command: 'echo out', stdout: 'out\n' },
    { name: 'keeps stderr apart', command: 'echo out; echo err >&2', stdout: 'out\n', stderr: 'err\n' },
    { name: 'passes the exit code', command: 'exit 3', code: 3 },
    { name: 'reports a missing command as 127', command: 'no-such-command 2>/dev/null', code: 127 },
    { name: 'passes stdin and its end', command: 'cat', input: 'in\n', stdout: 'in\n' },
    { name: 'starts in the home folder', command: '[ "$PWD" = "$HOME" ] && echo home', stdout: 'home\n' },
  ];
  for (const { name, command, input = '', stdout = '', stderr = '', code = 0 } of commands) {
    it(name, async () => {
      const outcome = await sandbox.current.ssh(command, input);

      assert.deepEqual(
        [outcome.stdout.toString(), withoutWaits(outcome.stderr), outcome.code],
        [stdout, stderr, code],
      );
    });
  }

  it('carries every byte unchanged, both ways', async () => {
    const data = randomBytes(4 * 1024 * 1024);

    const { stdout } = await sandbox.current.ssh('cat', data);

    assert.ok(stdout.equals(data));
  });

  it('feeds a script to a login shell that has no terminal', async () => {
    const { stdout, code } = await sandbox.current.run(
      'ssh',
      ['-T', sandbox.current.alias],
      'uname -s; exit 5\n',
    );

    assert.deepEqual([stdout.toString(), code], ['Linux\n', 5]);
  });

  it('gives a terminal', async () => {
    const terminal = sandbox.current.openTerminal({ columns: 80, rows: 24 });
    terminal.type('[ -t 0 ] && echo a "terminal"\r');

    await terminal.shows(/a terminal/);
    terminal.type('exit 4\r');
    assert.equal(await terminal.exited, 4);
  });

  // The sandbox shares this computer's network.
  it('forwards connections by the nc that is built into its shell', () =>
    withLocalServer(async (port) => {
      const data = randomBytes(256 * 1024);

      const { stdout } = await sandbox.current.run(
        'ssh',
        ['-W', `127.0.0.1:${port}`, sandbox.current.alias],
        data,
      );

      assert.ok(stdout.equals(data));
    }));

  describe('refuses at once, with a reason,', () => {
    it('a forward to a Unix socket, since nothing there can open one', async () => {
      const port = await freePort();
      const ssh = await ForwardingSsh.open(sandbox.current, ['-L', `${port}:/tmp/a.sock`]);

      const socket = await connectTo(port);

      assert.equal((await readAll(socket)).length, 0);
      await eventually(() =>
        assert.match(ssh.stderr, /The sandbox has no program to open Unix sockets with/),
      );
      await ssh.close();
    });

    it('remote forwards, as any server that allows none', async () => {
      const forward = ['-N', '-o', 'ExitOnForwardFailure=yes', '-R', '0:127.0.0.1:1'];

      const { code, stderr } = await sandbox.current.run('ssh', [...forward, sandbox.current.alias]);

      assert.equal(code, 255);
      assert.match(stderr, /remote port forwarding failed/);
    });

    for (const { program, args } of [
      { program: 'scp', args: ['-O', '/etc/passwd', 'HOST:'] },
      { program: 'rsync', args: ['-e', 'SSH', '/etc/passwd', 'HOST:'] },
      { program: 'git', args: ['-c', 'core.sshCommand=SSH', 'ls-remote', 'HOST:repo'] },
    ]) {
      it(`${program}, of which the sandbox has no other end`, async () => {
        const { alias, configFile } = sandbox.current;
        const filled = args.map((arg) => arg.replace('HOST', alias).replace('SSH', `ssh -F ${configFile}`));
        // scp alone takes ssh's own option.
        const all = program === 'scp' ? ['-F', configFile, ...filled] : filled;

        const { code, stderr } = await sandbox.current.runPlain(program, all);

        assert.notEqual(code, 0);
        assert.match(stderr, /not found/);
      });
    }
  });
});
