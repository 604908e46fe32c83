import assert from 'node:assert/strict';
import { once } from 'node:events';
import { eventually } from '../../helpers/eventually';
import { connectTo, freePort } from '../../helpers/forwards';
import { readAll } from '../../helpers/remoteProcess';
import { requireTool } from '../../helpers/require';
import { useSandbox } from '../../helpers/sandboxOverSsh';
import { endChild } from '../../helpers/sshHost';

describe('a stopped sandbox', () => {
  const sandbox = useSandbox({ runtime: 'bubblewrap' }, (context) => requireTool(context, 'ssh', 'bwrap'));

  const stop = (): Promise<unknown> => sandbox.current.client.stop(sandbox.current.sandbox.id);
  const status = async (): Promise<string> =>
    (await sandbox.current.client.get(sandbox.current.sandbox.id)).status;
  afterEach(() => sandbox.current.client.start(sandbox.current.sandbox.id));

  it('is started for a connection that its user asked for', async () => {
    await sandbox.current.serve(true);
    await stop();

    const { code, stdout } = await sandbox.current.ssh('echo awake');

    assert.deepEqual([code, stdout.toString()], [0, 'awake\n']);
    assert.equal(await status(), 'running');
  });

  it('stays stopped for any other, which says how to start it', async () => {
    await sandbox.current.serve(false);
    await stop();

    const { code, stderr } = await sandbox.current.ssh('echo awake');

    assert.equal(code, 255);
    assert.match(stderr, /^cloud-sandboxes: Sandbox [^\n]* is stopped; open it [^\n]* to start it$/m);
    assert.equal(await status(), 'stopped');
  });

  it('that was stopped under a connection is not woken by its next command', async () => {
    await sandbox.current.serve(true);
    const port = await freePort();
    const ssh = sandbox.current.spawn('ssh', ['-N', '-L', `${port}:127.0.0.1:1`, sandbox.current.alias]);
    let stderr = '';
    ssh.stderr!.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    await eventually(async () => readAll(await connectTo(port)));
    await stop();

    const socket = await connectTo(port);

    assert.equal((await readAll(socket)).length, 0);
    await eventually(() => assert.match(stderr, /open failed: connect failed: Sandbox .* is stopped/));
    assert.equal(await status(), 'stopped');
    await endChild(ssh);
  });

  it('that runs is reached also without the right to start it', async () => {
    await sandbox.current.serve(false);

    const ssh = sandbox.current.spawn('ssh', [sandbox.current.alias, 'echo fine']);

    const [line] = (await once(ssh.stdout!, 'data')) as [Buffer];
    assert.equal(line.toString(), 'fine\n');
  });
});
