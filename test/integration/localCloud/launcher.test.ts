import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { silentLogger } from '../../../src/base/logger';
import {
  ensureLocalCloud,
  findLocalCloud,
  type LaunchOptions,
  type LauncherError,
} from '../../../src/localCloud/launcher';
import { BoxApi } from '../../helpers/boxApi';
import { eventually } from '../../helpers/eventually';
import { LocalCloudServer, localCloudCommand } from '../../helpers/localCloud';
import { useTempDir } from '../../helpers/tempDir';

describe('ensureLocalCloud', function () {
  this.timeout(30_000);
  // Before the folder is removed, which is a hook of useTempDir().
  afterEach(async () => {
    const pid = runningPid(stateDir());
    if (pid === undefined) return;
    process.kill(pid, 'SIGTERM');
    await eventually(() => assert.equal(runningPid(stateDir()), undefined));
  });

  const dir = useTempDir();
  const stateDir = (): string => path.join(dir.path, 'state');

  const launch = (options: Partial<LaunchOptions> = {}) =>
    ensureLocalCloud({
      nodeCommand: localCloudCommand.slice(0, -1) as [string, ...string[]],
      script: localCloudCommand.at(-1) ?? '',
      stateDir: stateDir(),
      runtime: 'process',
      log: silentLogger,
      ...options,
    });

  it('starts a server that works and outlives its caller', async () => {
    const { url, token, runtime, started } = await launch();

    assert.deepEqual([runtime, started], ['process', true]);
    const api = new BoxApi(url, token);
    assert.equal(await api.sh(await api.create(), 'echo hi'), 'hi');
  });

  it('finds the one that runs', async () => {
    const first = await launch();

    assert.deepEqual(await launch(), { ...first, started: false });
  });

  it('gives many callers at once the same server', async () => {
    const clouds = await Promise.all([launch(), launch(), launch()]);

    assert.equal(new Set(clouds.map(({ url }) => url)).size, 1);
    assert.equal(clouds.filter(({ started }) => started).length, 1);
  });

  it('replaces a server that was killed', async () => {
    const first = await launch();
    process.kill(runningPid(stateDir()) ?? 0, 'SIGKILL');

    const second = await launch();

    assert.equal(second.started, true);
    assert.notEqual(second.url, first.url);
    assert.equal(second.token, first.token);
  });

  it('waits for a server that stalls', async () => {
    const first = await launch();
    const pid = runningPid(stateDir()) ?? 0;
    process.kill(pid, 'SIGSTOP');
    // Longer than one question to the server may take.
    const stall = setTimeout(() => process.kill(pid, 'SIGCONT'), 3_500);

    const second = await launch().finally(() => clearTimeout(stall));

    assert.deepEqual(second, { ...first, started: false });
  });

  it("fails with the server's own words", async () => {
    const file = path.join(stateDir(), 'token');
    mkdirSync(stateDir());
    writeFileSync(file, 'nonsense');

    await assert.rejects(launch(), (error: Error) => error.message.includes(file));
  });

  it('fails with the error of a crash, and says where its report is', async () => {
    const script = path.join(dir.path, 'crash.cjs');
    writeFileSync(script, "throw new RangeError('not today');");

    const failure = launch({ nodeCommand: [process.execPath], script });

    const report = path.join(stateDir(), 'server.log');
    const message = `The local cloud did not start: RangeError: not today (the whole report is in ${report})`;
    await assert.rejects(failure, { code: 'not-started', message });
  });

  it('fails when there is no such program', async () => {
    await assert.rejects(launch({ nodeCommand: ['/no/such/node'] }), { code: 'not-started' });
  });

  it('gives up when its caller does', async () => {
    await assert.rejects(launch({ signal: AbortSignal.timeout(50) }), { name: 'TimeoutError' });
  });

  it('lets its caller end while the server goes on', async () => {
    const script = path.join(dir.path, 'caller.ts');
    const launcher = path.resolve('src/localCloud/launcher.ts');
    writeFileSync(
      script,
      `import { ensureLocalCloud } from ${JSON.stringify(launcher)};
       const log = { debug() {}, info() {}, warn() {}, error() {} };
       ensureLocalCloud({ nodeCommand: ${JSON.stringify(localCloudCommand.slice(0, -1))},
         script: ${JSON.stringify(localCloudCommand.at(-1))}, stateDir: ${JSON.stringify(stateDir())},
         runtime: 'process', log });`,
    );

    const { status } = spawnSync(process.execPath, [...localCloudCommand.slice(1, -1), script], {
      timeout: 20_000,
    });

    assert.equal(status, 0);
    assert.equal((await launch()).started, false);
  });
});

describe('findLocalCloud', () => {
  const dir = useTempDir();

  it('finds the server that runs, without starting one', async () => {
    assert.equal(await findLocalCloud(undefined, dir.path), undefined);
    const server = await LocalCloudServer.start({ stateDir: dir.path, args: ['--runtime', 'process'] });
    try {
      const { url, token } = server.api;

      assert.deepEqual(await findLocalCloud(undefined, dir.path), { url, token, runtime: 'process' });
    } finally {
      await server.stop();
    }
    assert.equal(await findLocalCloud(undefined, dir.path), undefined);
  });

  it('says that a server does not answer', async () => {
    const server = await LocalCloudServer.start({ stateDir: dir.path, args: ['--runtime', 'process'] });
    server.process.kill('SIGSTOP');
    try {
      await assert.rejects(findLocalCloud(undefined, dir.path), (error: LauncherError) => {
        assert.equal(error.code, 'not-answering');
        return error.message.includes(`process ${server.process.pid}`);
      });
    } finally {
      server.process.kill('SIGCONT');
      await server.stop();
    }
  });
});

/** The process of the server of a state folder, by its own record. */
function runningPid(stateDir: string): number | undefined {
  try {
    return (JSON.parse(readFileSync(path.join(stateDir, 'server.json'), 'utf8')) as { pid: number }).pid;
  } catch {
    return undefined;
  }
}
