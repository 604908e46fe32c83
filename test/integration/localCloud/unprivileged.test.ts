import assert from 'node:assert/strict';
import { chmodSync, chownSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { eventually } from '../../helpers/eventually';
import { LocalCloudServer } from '../../helpers/localCloud';
import { NOBODY } from '../../helpers/ordinaryUser';
import { requireTool, skipFor } from '../../helpers/require';
import { countSleepers } from '../../helpers/sleepers';

describe('Bubblewrap runtime of an ordinary user', function () {
  this.timeout(30_000);
  const stateDir = mkdtempSync(path.join(os.tmpdir(), 'sbx-user-'));
  let server: LocalCloudServer;

  before(async function () {
    requireTool(this, 'bwrap', 'nsenter', 'setpriv');
    if (process.getuid?.() !== 0) skipFor(this, 'only root can become another user');
    chmodSync(stateDir, 0o700);
    chownSync(stateDir, NOBODY, NOBODY);
    server = await LocalCloudServer.start({
      stateDir,
      args: ['--runtime', 'bubblewrap'],
      wrapper: [
        'setpriv',
        `--reuid=${NOBODY}`,
        `--regid=${NOBODY}`,
        '--clear-groups',
        'env',
        `HOME=${stateDir}`,
      ],
    });
  });
  after(async () => {
    await server.stop();
    rmSync(stateDir, { recursive: true, force: true });
  });

  it('runs commands as the root of the box, who may write at home only', async () => {
    const { api } = server;
    const box = await api.create();

    assert.equal(await api.sh(box, 'id -u; echo x > ~/f && cat ~/f'), '0\nx');
    assert.notEqual((await api.run(box, ['touch', '/usr/bin/x'])).exitCode, 0);
  });

  it('removes a box with folders that it has protected from that, as Go does with its modules', async () => {
    const { api } = server;
    const box = await api.create();
    await api.sh(
      box,
      'mkdir -p ~/go/mod/x /workspace/y && touch ~/go/mod/x/f && chmod -R a-w ~/go /workspace/y',
    );

    const { status } = await api.call('DELETE', `/boxes/${box}?force=true`);

    assert.equal(status, 204);
    assert.equal(existsSync(path.join(stateDir, 'boxes', box)), false);
  });

  it('kills commands, and stops a box with all of them', async () => {
    const { api } = server;
    const box = await api.create();
    const execution = await api.start(box, ['sh', '-c', 'sleep 7201 & sleep 7201']);
    await api.start(box, ['sh', '-c', 'setsid sleep 7202 & sleep 7202']);
    await eventually(async () => assert.equal(await countSleepers(api, box, 7201), 2));
    await eventually(async () => assert.equal(await countSleepers(api, box, 7202), 2));

    await api.call('DELETE', execution);

    await eventually(async () => assert.equal(await countSleepers(api, box, 7201), 0));
    assert.equal((await api.call('POST', `/boxes/${box}/stop`)).body.status, 'stopped');
    assert.equal(await countSleepers(api, box, 7202), 0);
  });

  it('has terminals', async () => {
    const { api } = server;
    const { stdout } = await api.run(await api.create(), ['tty'], { tty: true });

    assert.match(stdout.toString(), /^\/dev\/pts\/\d+/);
  });
});
