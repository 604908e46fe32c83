import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { eventually } from '../../helpers/eventually';
import { connectTo, freePort } from '../../helpers/forwards';
import { isRunning } from '../../helpers/processes';
import { requireTool } from '../../helpers/require';
import { useSandbox } from '../../helpers/sandboxOverSsh';
import { useServers } from '../../helpers/sandboxServers';

/** What may pass until nothing of an ended connection is left. */
const GONE_MS = 5000;

describe('the life of a connection', () => {
  const sandbox = useSandbox({ runtime: 'bubblewrap' }, (context) =>
    requireTool(context, 'ssh', 'bwrap', 'python3'),
  );
  const servers = useServers(sandbox);

  /** The command lines of all that runs in the sandbox, without the one that looks. */
  async function processesInSandbox(): Promise<string[]> {
    const look = `for f in /proc/[0-9]*/cmdline; do tr '\\0\\n' '  ' <$f; echo; done 2>/dev/null`;
    const lines = (await sandbox.current.server.api.sh(sandbox.current.sandbox.id, look)).split('\n');
    return lines
      .map((line) => line.trim())
      .filter((line) => line !== '' && !/\/proc\/\[0-9\]|^tr /.test(line))
      .sort();
  }

  /** Starts ssh and waits until its connection is that far. */
  async function openSsh(
    args: readonly string[],
    phase: 'connecting' | 'connected' = 'connected',
  ): Promise<{ ssh: ChildProcess; connection: number; exited: Promise<unknown[]> }> {
    const { states } = sandbox.current;
    const others = new Set(states.map(({ pid }) => pid));
    const ssh = sandbox.current.spawn('ssh', args);
    const exited = once(ssh, 'exit');
    const connection = await eventually(() => {
      const report = states.find((state) => state.phase === phase && !others.has(state.pid));
      assert.ok(report, `the connection is not ${phase}`);
      return report.pid;
    });
    return { ssh, connection, exited };
  }

  async function killAndWait(ssh: ChildProcess, connection: number, left: readonly string[]): Promise<void> {
    const killed = Date.now();
    ssh.kill('SIGKILL');
    await once(ssh, 'exit');
    await eventually(() => assert.ok(!isRunning(connection), 'the connection process lives on'), GONE_MS);
    await eventually(
      async () => assert.deepEqual(await processesInSandbox(), left),
      killed + GONE_MS - Date.now(),
    );
  }

  describe('when ssh is killed by SIGKILL, nothing is left after 5 s of', () => {
    interface Running {
      readonly name: string;
      readonly options?: readonly string[];
      readonly command?: readonly string[];
      readonly input?: string;
      readonly shows: RegExp;
    }
    const running: readonly Running[] = [
      { name: 'a command', command: ['sleep 771; true'], shows: /^sleep 771/ },
      {
        name: 'a command in a terminal',
        options: ['-tt'],
        command: ['sleep 772; true'],
        shows: /^sleep 772/,
      },
      { name: 'a command of a shell', input: 'sleep 773\n', shows: /^sleep 773/ },
      { name: 'a shell in a terminal', options: ['-tt'], input: 'sleep 774\n', shows: /^sleep 774/ },
      {
        name: 'a command that ignores every polite signal',
        command: ['trap "" HUP INT TERM; sleep 775; sleep 775'],
        shows: /^sleep 775/,
      },
      { name: 'a command whose output nobody reads', command: ['yes 776'], shows: /^yes 776/ },
      {
        name: 'a command that does not read its input',
        command: ['sleep 777; true'],
        input: 'x'.repeat(8 * 1024 * 1024),
        shows: /^sleep 777/,
      },
    ];
    for (const { name, options = [], command = [], input, shows } of running) {
      it(name, async () => {
        const before = await processesInSandbox();
        const { ssh, connection } = await openSsh([...options, sandbox.current.alias, ...command]);
        ssh.stdin!.on('error', () => undefined);
        if (input !== undefined) ssh.stdin!.write(input);
        await eventually(async () =>
          assert.ok((await processesInSandbox()).some((line) => shows.test(line))),
        );

        await killAndWait(ssh, connection, before);
      });
    }

    it('a forward in use', async () => {
      const before = await processesInSandbox();
      const port = await freePort();
      const forward = ['-N', '-L', `${port}:127.0.0.1:${servers.echo.port}`];
      const { ssh, connection } = await openSsh([...forward, sandbox.current.alias]);
      const socket = await eventually(() => connectTo(port));
      socket.on('error', () => undefined);
      socket.write('x');
      await once(socket, 'readable');

      await killAndWait(ssh, connection, before);
    });

    it('a wait for a cloud that does not answer', async () => {
      const before = await processesInSandbox();
      const server = sandbox.current.server.process;
      server.kill('SIGSTOP');
      try {
        const { ssh, connection } = await openSsh([sandbox.current.alias, 'true'], 'connecting');
        ssh.kill('SIGKILL');
        await eventually(() => assert.ok(!isRunning(connection)), GONE_MS);
      } finally {
        server.kill('SIGCONT');
      }
      await eventually(async () => assert.deepEqual(await processesInSandbox(), before));
    });
  });

  it('ends with ssh', async () => {
    const { connection, exited } = await openSsh([sandbox.current.alias, 'true']);
    await exited;

    await eventually(() => assert.ok(!isRunning(connection)), GONE_MS);
  });

  it('leaves a daemon in the sandbox alone', async () => {
    const command = 'setsid sleep 779 >/dev/null 2>&1 </dev/null & sleep 780';
    const { ssh, connection } = await openSsh([sandbox.current.alias, command]);
    const daemon = async (): Promise<void> => assert.ok((await processesInSandbox()).includes('sleep 779'));
    await eventually(daemon);

    // With the connection ends all that it takes along.
    ssh.kill('SIGKILL');
    await eventually(() => assert.ok(!isRunning(connection)), GONE_MS);

    await eventually(async () => assert.ok(!(await processesInSandbox()).includes('sleep 780')), GONE_MS);
    await daemon();
    await sandbox.current.ssh('pkill -f "^sleep 779"');
  });

  it('reports its end', async () => {
    const { connection, exited } = await openSsh([sandbox.current.alias, 'true']);
    await exited;

    await eventually(() => {
      const last = sandbox.current.states.filter(({ pid }) => pid === connection).at(-1);
      assert.equal(last?.phase, 'closed');
    });
  });

  describe('without the window that granted it', () => {
    afterEach(() => sandbox.current.serve(true));

    it('goes on', async () => {
      const { ssh, exited } = await openSsh([sandbox.current.alias, 'cat']);

      sandbox.current.stopServing();
      ssh.stdin!.end('still here\n');

      const [line] = (await once(ssh.stdout!, 'data')) as [Buffer];
      assert.equal(line.toString(), 'still here\n');
      assert.deepEqual(await exited, [0, null]);
    });

    it('greets before there is any, so that ConnectTimeout does not pass, and waits for one', async () => {
      sandbox.current.stopServing();
      const { alias } = sandbox.current;
      const ssh = sandbox.current.spawn('ssh', ['-v', '-o', 'ConnectTimeout=10', alias, 'echo fine']);
      let stderr = '';
      ssh.stderr!.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
      // What ConnectTimeout bounds is the wait for this line, and nothing after it.
      await eventually(() => assert.match(stderr, /remote software version OpenSSH_CloudSandboxes/));

      await sandbox.current.serve(true);

      const [line] = (await once(ssh.stdout!, 'data')) as [Buffer];
      assert.equal(line.toString(), 'fine\n');
    });
  });
});
