import { strict as assert } from 'node:assert';
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import type { BoxSpec, ExecSpec } from '../../../src/localCloud/runtimes/runtime';
import { DockerHarness, waitForOutput } from '../../helpers/dockerHarness';
import { eventually } from '../../helpers/eventually';

const terminal = { columns: 101, rows: 33 };

describe('Commands of the Docker runtime', function () {
  this.timeout(60_000);
  const docker = DockerHarness.use();
  let box: BoxSpec;

  before(async () => {
    box = await docker.startedBox({ env: { FROM_BOX: 'box', BOTH: 'box' } });
  });

  it('keeps stdout and stderr apart', async () => {
    const result = await docker.run(box, ['sh', '-c', 'echo out; echo err >&2; exit 5']);

    assert.deepEqual(result, { stdout: 'out\n', stderr: 'err\n', code: 5 });
  });

  const codes: { name: string; argv: ExecSpec['argv']; code: number }[] = [
    { name: 'success', argv: ['true'], code: 0 },
    { name: 'its own code', argv: ['sh', '-c', 'exit 255'], code: 255 },
    { name: '127 for a command that does not exist', argv: ['no-such-command'], code: 127 },
    { name: '126 for a file that is no program', argv: ['/tmp'], code: 126 },
    { name: '128 + n for a signal that it sent itself', argv: ['sh', '-c', 'kill -9 $$'], code: 137 },
  ];
  for (const { name, argv, code } of codes) {
    it(`ends with ${name}`, async () => assert.equal((await docker.run(box, argv)).code, code));
  }

  it('passes arguments on as they are', async () => {
    const args = ['a b', '$(id)', "'", '"', '%s\\n', '', 'ü\n'];

    const { stdout } = await docker.run(box, ['sh', '-c', 'for arg; do echo "[$arg]"; done', 'sh', ...args]);

    assert.equal(stdout, args.map((arg) => `[${arg}]\n`).join(''));
  });

  it("adds the command's variables to the box's", async () => {
    const { stdout } = await docker.run(box, ['sh', '-c', 'echo $FROM_BOX $BOTH $OWN'], {
      env: { BOTH: 'command', OWN: 'x y' },
    });

    assert.equal(stdout, 'box command x y\n');
  });

  it('starts in the folder asked for', async () => {
    assert.equal((await docker.run(box, ['pwd'], { workingDir: '/tmp' })).stdout, '/tmp\n');
  });

  it('says why a command cannot start in a folder that does not exist', async () => {
    await assert.rejects(docker.run(box, ['pwd'], { workingDir: '/no/such' }), {
      code: 'failed',
      message: /\/no\/such/,
    });
  });

  it("has the box's host name", async () => {
    assert.equal((await docker.run(box, ['hostname'])).stdout, 'test-host\n');
  });

  it('hands the end of stdin on and still delivers the output that follows', async () => {
    assert.equal(
      (await docker.run(box, ['sh', '-c', 'wc -c; echo after'], { input: 'hello' })).stdout,
      '5\nafter\n',
    );
  });

  it('carries 8 MiB of random bytes both ways unchanged', async () => {
    const sent = randomBytes(8 * 1024 * 1024);
    const execution = await docker.exec(box, ['cat']);

    Readable.from([sent]).pipe(execution.stdin);

    assert.ok(sent.equals(await buffer(execution.stdout)));
    assert.equal(await execution.exited, 0);
  });

  it('holds a command whose output nobody reads', async () => {
    const script = 'head -c 67108864 /dev/zero; echo done >/tmp/written';
    const execution = await docker.exec(box, ['sh', '-c', script]);
    await eventually(() => assert.ok(execution.stdout.readableLength > 0));

    assert.equal((await docker.run(box, ['cat', '/tmp/written'])).code, 1);

    let received = 0;
    for await (const chunk of execution.stdout) received += (chunk as Buffer).length;
    assert.equal(received, 64 * 1024 * 1024);
    assert.equal((await docker.run(box, ['cat', '/tmp/written'])).stdout, 'done\n');
  });

  it('gives a command a terminal that has its size from the start', async () => {
    const { stdout, code } = await docker.run(box, ['sh', '-c', 'tty; stty size; exit 3'], { terminal });

    assert.deepEqual([stdout, code], ['/dev/pts/0\r\n33 101\r\n', 3]);
  });

  it('resizes a terminal', async () => {
    const script = 'trap "stty size" WINCH; echo ready; while :; do sleep 0.1; done';
    const execution = await docker.exec(box, ['sh', '-c', script], { terminal });
    await waitForOutput(execution, 'ready');

    execution.resize(80, 24);
    execution.resize(120, 40);

    await waitForOutput(execution, '40 120');
    execution.kill();
    execution.stdout.resume();
  });

  it("takes the end of a terminal's input for control-D", async () => {
    const { stdout, code } = await docker.run(box, ['sh', '-c', 'cat; echo ended'], {
      terminal,
      input: 'typed\n',
    });

    assert.match(stdout, /typed\r\n[^]*ended\r\n$/);
    assert.equal(code, 0);
  });

  it('runs many commands at once', async () => {
    const numbers = Array.from({ length: 12 }, (_, index) => String(index));

    const results = await Promise.all(numbers.map((number) => docker.run(box, ['echo', number])));

    assert.deepEqual(
      results.map(({ stdout }) => stdout.trim()),
      numbers,
    );
  });

  it('sends a signal to the command and to its children', async () => {
    const script = 'sleep 4001 & echo ready; wait';
    const execution = await docker.exec(box, ['sh', '-c', script]);
    await waitForOutput(execution, 'ready');

    execution.signal(15);

    assert.equal(await execution.exited, -15);
    assert.deepEqual(await docker.processes(box), []);
  });

  it('reports what a command makes of a signal', async () => {
    const script = 'trap "echo caught; exit 9" USR1; echo ready; while :; do sleep 0.1; done';
    const execution = await docker.exec(box, ['sh', '-c', script]);
    await waitForOutput(execution, 'ready');

    execution.signal(10);

    assert.equal(await text(execution.stdout), 'caught\n');
    assert.equal(await execution.exited, 9);
  });

  it('kills everything in the session, whatever it ignores and however it is grouped', async () => {
    const script =
      'trap "" TERM HUP; set -m; sleep 4002 & (sleep 4003 &) ; sh -c "sleep 4004 & wait" & echo ready; wait';
    const execution = await docker.exec(box, ['sh', '-c', script]);
    await waitForOutput(execution, 'ready');

    execution.kill();

    assert.equal(await execution.exited, -9);
    assert.deepEqual(await docker.processes(box), []);
  });

  it('kills a shell in a terminal with its background jobs, and leaves a daemon alone', async () => {
    const execution = await docker.exec(box, ['sh', '-i'], { terminal });
    execution.stdin.write('setsid sleep 4005 </dev/null >/dev/null 2>&1 &\n sleep 4006 &\n echo re""ady\n');
    await waitForOutput(execution, 'ready');
    // Before setsid(1) becomes it, it belongs to the terminal.
    await eventually(async () => assert.ok((await docker.processes(box)).includes('sleep 4005')));

    execution.kill();
    execution.stdout.resume();

    assert.equal(await execution.exited, -9);
    assert.deepEqual(await docker.processes(box), ['sleep 4005']);
    await docker.run(box, ['killall', 'sleep']);
  });

  it('kills a command whose output nobody reads', async () => {
    const execution = await docker.exec(box, ['yes']);
    await eventually(() => assert.ok(execution.stdout.readableLength > 0));

    execution.kill();

    assert.equal(await execution.exited, -9);
    execution.stdout.destroy();
  });

  it('settles although a background process keeps the output open', async () => {
    const own = await docker.startedBox();

    const result = await docker.run(own, ['sh', '-c', 'sleep 4007 & exit 4']);

    assert.equal(result.code, 4);
    await docker.runtime.remove(own);
  });

  it('lets other commands end while the output of one that ended is unread', async () => {
    const unread = await docker.exec(box, ['head', '-c', '700000', '/dev/zero']);
    await eventually(() => assert.ok(unread.stdout.readableLength > 0));

    assert.equal((await docker.run(box, ['echo', 'other'])).stdout, 'other\n');

    assert.equal(await unread.exited, 0);
    assert.equal((await buffer(unread.stdout)).length, 700_000);
  });
});
