import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import * as path from 'node:path';
import { findByEnvironment } from '../../../src/processes/procfs';
import { eventually } from '../../helpers/eventually';
import { LocalCloudServer, runLocalCloud } from '../../helpers/localCloud';
import { requireTool } from '../../helpers/require';
import { countSleepers } from '../../helpers/sleepers';
import { useTempDir } from '../../helpers/tempDir';

describe('Life of a local cloud', function () {
  this.timeout(30_000);
  const dir = useTempDir();
  const servers: LocalCloudServer[] = [];

  afterEach(async () => {
    for (const server of servers.splice(0)) await server.stop();
  });

  const start = async (...args: string[]): Promise<LocalCloudServer> => {
    const server = await LocalCloudServer.start({ stateDir: dir.path, args });
    servers.push(server);
    return server;
  };

  it('keeps its token to this user', async () => {
    const { ready } = await start('--runtime', 'process');

    assert.equal(ready.tokenFile, path.join(dir.path, 'token'));
    assert.equal(statSync(ready.tokenFile).mode & 0o777, 0o600);
    assert.equal(statSync(dir.path).mode & 0o777, 0o700);
    assert.match(readFileSync(ready.tokenFile, 'utf8'), /^[\w-]{43}\n$/);
  });

  it('uses the token file and the port it is told', async () => {
    const tokenFile = path.join(dir.path, 'elsewhere', 'my-token');
    const { ready } = await start('--runtime', 'process', '--token-file', tokenFile, '--port', '0');

    assert.equal(ready.tokenFile, tokenFile);
    assert.equal(statSync(tokenFile).mode & 0o777, 0o600);
    assert.equal(statSync(path.dirname(tokenFile)).mode & 0o777, 0o700);
  });

  for (const runtime of ['process', 'bubblewrap'] as const) {
    describe(`with the ${runtime} runtime`, () => {
      before(function () {
        if (runtime === 'bubblewrap') requireTool(this, 'bwrap', 'nsenter');
      });

      it('leaves no process behind when it ends', async () => {
        const server = await start('--runtime', runtime);
        const box = await server.api.create();
        const attached = server.api.attach(
          await server.api.start(box, ['sh', '-c', 'setsid sleep 7101 & sleep 7101']),
        );
        await attached.opened;
        await eventually(async () => assert.equal(await countSleepers(server.api, box, 7101), 2));

        assert.equal(await server.stop(), 0);

        assert.deepEqual(processesOf(dir.path, box), []);
        // The client was told how its command ended, not just cut off.
        assert.ok(((await attached.ended()).exitCode ?? 0) < 0);
        assert.equal(existsSync(path.join(dir.path, 'server.json')), false);
      });

      it('keeps its boxes for the next server', async () => {
        const first = await start('--runtime', runtime);
        const box = await first.api.create({ name: 'kept' });
        await first.api.sh(box, 'echo data > ~/file');
        await first.stop();

        const { api } = await start('--runtime', runtime);

        const { body } = await api.call('GET', '/boxes/kept');
        assert.deepEqual([body.box_id, body.status], [box, 'stopped']);
        assert.equal(await api.sh(box, 'cat ~/file'), 'data');
        assert.equal(api.token, first.api.token);
      });

      it('cleans up after a server that was killed', async () => {
        const first = await start('--runtime', runtime);
        const box = await first.api.create();
        await first.api.start(box, ['sh', '-c', 'echo data > ~/file; setsid sleep 7102 & exec sleep 7102']);
        await eventually(async () => assert.equal(await countSleepers(first.api, box, 7102), 2));
        await first.stop('SIGKILL');

        const { api } = await start('--runtime', runtime);

        assert.equal((await api.call('GET', `/boxes/${box}`)).body.status, 'stopped');
        await eventually(() => assert.deepEqual(processesOf(dir.path, box), []));
        assert.equal(await api.sh(box, 'cat ~/file'), 'data');
      });
    });
  }

  it('refuses a second server of one state folder and names the first', async () => {
    const { ready } = await start('--runtime', 'process');

    const second = await runLocalCloud(['serve', '--state', dir.path]);

    assert.equal(second.code, 1);
    assert.equal(second.stdout, '');
    assert.ok(second.stderr.includes(ready.url), second.stderr);
  });

  it('does not take over from a server that stalls', async () => {
    const server = await start('--runtime', 'process');
    const attached = server.api.attach(
      await server.api.start(await server.api.create(), ['sh', '-c', 'read line; echo got $line']),
    );
    await attached.opened;
    server.process.kill('SIGSTOP');

    const second = await runLocalCloud(['serve', '--state', dir.path]);
    server.process.kill('SIGCONT');

    assert.equal(second.code, 1);
    assert.match(second.stderr, /does not answer/);
    attached.write(Buffer.from('it\n'));
    await attached.until('got it');
  });

  it('starts once when asked many times at once', async () => {
    const results = await Promise.allSettled([1, 2, 3].map(() => start('--runtime', 'process')));

    const failures = results.flatMap((result) =>
      result.status === 'rejected' ? [String(result.reason)] : [],
    );
    assert.deepEqual(failures, new Array(2).fill('Error: The server ended with 1'));
  });

  it('replaces the record of a dead server', async () => {
    const record = {
      url: await closedPort(),
      // As if a new process had been given the number.
      pid: process.pid,
      tokenFile: path.join(dir.path, 'token'),
      runtime: 'process',
    };
    writeFileSync(path.join(dir.path, 'server.json'), JSON.stringify(record));
    writeFileSync(path.join(dir.path, 'token'), `${'x'.repeat(43)}\n`);

    const { ready } = await start('--runtime', 'process');

    assert.ok(readFileSync(path.join(dir.path, 'server.json'), 'utf8').includes(ready.url));
  });

  it('ends by itself when nothing needs it', async () => {
    const server = await start('--runtime', 'process', '--idle-exit', '1');

    const [code] = (await once(server.process, 'exit')) as [number];

    assert.equal(code, 0);
    assert.equal(existsSync(path.join(dir.path, 'server.json')), false);
  });

  it('ends by itself while somebody only lists its boxes', async () => {
    const server = await start('--runtime', 'process', '--idle-exit', '1');
    const exited = once(server.process, 'exit');
    const ended = exited.then(() => true);
    const list = (): Promise<boolean> =>
      server.api.call('GET', '/boxes').then(
        () => false,
        // It ended meanwhile.
        () => ended,
      );

    await eventually(async () => assert.ok(await list()), 10_000);

    assert.deepEqual(await exited, [0, null]);
  });

  it('goes on while a box runs', async () => {
    const server = await start('--runtime', 'process', '--idle-exit', '2');
    const exited = once(server.process, 'exit');
    const started = Date.now();
    await server.api.call('POST', `/boxes/${await server.api.create({ auto_stop: 2 })}/start`);

    await exited;

    // The box ran for two seconds, and the two that nothing needed the server follow them.
    assert.ok(Date.now() - started >= 4_000, `${Date.now() - started} ms`);
  });

  it('stops a box in which no command ran for a while, and starts it for the next', async () => {
    const { api } = await start('--runtime', 'process');
    const box = await api.create({ auto_stop: 1 });
    const status = async (): Promise<string> => (await api.call('GET', `/boxes/${box}`)).body.status;
    const attached = api.attach(await api.start(box, ['sh', '-c', 'sleep 3; echo slept; cat']));
    await attached.until('slept');
    assert.equal(await status(), 'running');
    attached.control({ type: 'stdin_eof' });
    await attached.ended();

    await eventually(async () => assert.equal(await status(), 'stopped'));

    assert.equal(await api.sh(box, 'echo again'), 'again');
  });

  it('removes a box that asked for it once it is stopped', async () => {
    const { api } = await start('--runtime', 'process');
    const box = await api.create({ auto_delete: 1 });
    await api.sh(box, 'true');
    await api.call('POST', `/boxes/${box}/stop`);

    await eventually(async () => assert.equal((await api.call('HEAD', `/boxes/${box}`)).status, 404));
    assert.deepEqual(readdirSync(path.join(dir.path, 'boxes')), []);
  });

  it('does not touch a box whose record it cannot read, and goes on with the others', async () => {
    const first = await start('--runtime', 'process');
    const box = await first.api.create();
    await first.stop();
    const file = path.join(dir.path, 'boxes', 'abc', 'box.json');
    mkdirSync(path.join(dir.path, 'boxes', 'abc', 'home'), { recursive: true });
    writeFileSync(file, '{"id":');

    const { api } = await start('--runtime', 'process');

    const listed = (await api.call('GET', '/boxes')).body.boxes.map(({ box_id }) => box_id);
    assert.deepEqual(listed, [box]);
    assert.equal(readFileSync(file, 'utf8'), '{"id":');
  });

  describe('after a change of runtime', () => {
    before(function () {
      requireTool(this, 'bwrap', 'nsenter');
    });

    /** The id of a box that ran in plain processes when its server was killed. */
    const leaveBox = async (): Promise<string> => {
      const first = await start('--runtime', 'process');
      const box = await first.api.create();
      await first.api.start(box, ['sleep', '7103']);
      await eventually(async () => assert.equal(await countSleepers(first.api, box, 7103), 1));
      await first.stop('SIGKILL');
      return box;
    };

    it('lists the box as stopped, and has ended its commands', async () => {
      const box = await leaveBox();

      const { api } = await start('--runtime', 'bubblewrap');

      const { body } = await api.call('GET', '/boxes?status=stopped');
      assert.deepEqual(
        body.boxes.map(({ box_id }) => box_id),
        [box],
      );
      assert.deepEqual(processesOf(dir.path, box), []);
    });

    for (const action of ['start', 'exec'] as const) {
      it(`refuses to ${action} the box and says what to do to use it`, async () => {
        const box = await leaveBox();
        const { api } = await start('--runtime', 'bubblewrap');

        const { status, body } = await api.call('POST', `/boxes/${box}/${action}`, { command: 'true' });

        assert.equal(status, 409);
        assert.match(body.error.message, /--runtime process/);
      });
    }

    it('removes the box with its files', async () => {
      const box = await leaveBox();
      const { api } = await start('--runtime', 'bubblewrap');

      assert.equal((await api.call('DELETE', `/boxes/${box}`)).status, 204);

      assert.deepEqual(readdirSync(path.join(dir.path, 'boxes')), []);
    });

    it('ends by itself: the box does not keep it', async () => {
      await leaveBox();
      const server = await start('--runtime', 'bubblewrap', '--idle-exit', '1');

      const [code] = (await once(server.process, 'exit')) as [number];

      assert.equal(code, 0);
    });
  });
});

/** An address where nothing listens. */
async function closedPort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `http://127.0.0.1:${port}`;
}

/** Live processes that belong to a box: by their mark, or by a folder of the box in their command line. */
function processesOf(stateDir: string, box: string): string[] {
  const marked = findByEnvironment(`CLOUD_SANDBOXES_BOX=${box}`).map(String);
  const named = readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(path.join(stateDir, 'boxes', box));
    } catch {
      return false;
    }
  });
  return [...marked, ...named];
}
