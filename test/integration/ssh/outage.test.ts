import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import * as path from 'node:path';
import { silentLogger } from '../../../src/base/logger';
import { serveSandbox } from '../../../src/start/serveSandbox';
import { eventually } from '../../helpers/eventually';
import { isRunning } from '../../helpers/processes';
import { requireTool } from '../../helpers/require';
import { SandboxOverSsh } from '../../helpers/sandboxOverSsh';
import { withoutWaits } from '../../helpers/waits';

describe('when the cloud fails a connection', () => {
  let sandbox: SandboxOverSsh;
  beforeEach(async function () {
    requireTool(this, 'ssh', 'bwrap');
    sandbox = await SandboxOverSsh.open({ runtime: 'bubblewrap' });
  });
  afterEach(() => sandbox.close());

  /** Starts ssh; collects what it says on stderr. */
  function startSsh(...args: string[]): {
    readonly ssh: ChildProcess;
    readonly ended: Promise<unknown[]>;
    readonly said: () => string;
  } {
    const ssh = sandbox.spawn('ssh', args);
    let stderr = '';
    ssh.stderr!.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    return { ssh, ended: once(ssh, 'close'), said: () => stderr };
  }

  async function endsWithout(connection: number): Promise<void> {
    await eventually(() => assert.ok(!isRunning(connection), 'the connection process lives on'));
  }

  const losses = [
    {
      name: 'the sandbox is deleted',
      lose: () => sandbox.client.delete(sandbox.sandbox.id),
    },
    { name: 'the sandbox is stopped', lose: () => sandbox.client.stop(sandbox.sandbox.id) },
    { name: 'the cloud is gone', lose: () => sandbox.server.stop('SIGKILL') },
  ];
  for (const { name, lose } of losses) {
    it(`ends a command with one line and code 255 when ${name}`, async () => {
      const { ssh, ended, said } = startSsh(sandbox.alias, 'echo begin; cat');
      await once(ssh.stdout!, 'data');
      const { pid } = await eventually(() => sandbox.states[0] ?? assert.fail('no state yet'));

      await lose();

      assert.deepEqual(await ended, [255, null]);
      assert.match(withoutWaits(said()), /^cloud-sandboxes: [^\n]+\n$/);
      await endsWithout(pid);
    });
  }

  it('names the next step when the token is wrong', async () => {
    const served = await serveSandbox({
      endpoint: { ...sandbox.endpoint, token: 'wrong' },
      sandbox: sandbox.sandbox,
      mayStart: true,
      runDir: path.join(sandbox.dir, 'wrong'),
      distDir: path.resolve('dist'),
      log: silentLogger,
    });
    try {
      const { code, stderr } = await sandbox.run('ssh', ['-F', served.configFile, served.alias, 'true']);

      assert.equal(code, 255);
      assert.match(stderr, /^cloud-sandboxes: [^\n]*sign in/m);
      assert.doesNotMatch(stderr, /wrong/);
    } finally {
      served.dispose();
    }
  });

  it('names the next step when the sandbox does not exist any more', async () => {
    await sandbox.client.delete(sandbox.sandbox.id);

    const { code, stderr } = await sandbox.ssh('true');

    assert.equal(code, 255);
    assert.match(stderr, /^cloud-sandboxes: [^\n]*deleted/m);
  });

  it('waits for a cloud that is down, with signs of life, and connects when it is up again', async () => {
    await sandbox.server.stop();
    const impatient = [
      '-o',
      'ConnectTimeout=5',
      '-o',
      'ServerAliveInterval=1',
      '-o',
      'ServerAliveCountMax=3',
    ];
    const { ssh, said } = startSsh(...impatient, sandbox.alias, 'echo fine');
    const banners = (): number => said().match(/Waiting for the cloud/g)?.length ?? 0;
    await eventually(() => assert.ok(banners() >= 4), 15_000);

    await sandbox.restartServer();

    const [line] = (await once(ssh.stdout!, 'data')) as [Buffer];
    assert.equal(line.toString(), 'fine\n');
  });
});
