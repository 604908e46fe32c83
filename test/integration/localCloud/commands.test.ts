import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { delay } from '../../../src/base/async';
import type { BoxApi } from '../../helpers/boxApi';
import { eventually } from '../../helpers/eventually';
import { LocalCloudServer } from '../../helpers/localCloud';
import { requireTool } from '../../helpers/require';
import { countSleepers } from '../../helpers/sleepers';

const BIG = 16 * 1024 * 1024;

for (const runtime of ['process', 'bubblewrap'] as const) {
  describe(`Commands in a box of the ${runtime} runtime`, function () {
    this.timeout(30_000);
    const stateDir = mkdtempSync(path.join(os.tmpdir(), 'sbx-commands-'));
    let server: LocalCloudServer;
    let api: BoxApi;
    let box: string;

    before(async function () {
      if (runtime === 'bubblewrap') requireTool(this, 'bwrap', 'nsenter');
      server = await LocalCloudServer.start({ stateDir, args: ['--runtime', runtime] });
      api = server.api;
      box = await api.create({ name: 'work', env: { FROM_BOX: 'box', BOTH: 'box' } });
    });
    after(async () => {
      await server.stop();
      rmSync(stateDir, { recursive: true, force: true });
    });

    it('return every byte, however many', async () => {
      const data = randomBytes(BIG);

      const { stdout, exitCode } = await api.run(box, ['cat'], { stdin: data });

      assert.equal(exitCode, 0);
      assert.ok(stdout.equals(data), `${stdout.length} of ${data.length} bytes`);
    });

    it('write errors apart from output', async () => {
      const { stdout, stderr } = await api.run(box, ['sh', '-c', 'echo out; echo err >&2']);

      assert.deepEqual([stdout.toString(), stderr.toString()], ['out\n', 'err\n']);
    });

    it('can open their input and outputs by name', async () => {
      const script = 'cat /dev/stdin > /dev/stdout; echo err > /dev/stderr';

      const { stdout, stderr } = await api.run(box, ['sh', '-c', script], { stdin: 'in' });

      assert.deepEqual([stdout.toString(), stderr.toString()], ['in', 'err\n']);
    });

    it('run many at once', async () => {
      const runs = Array.from({ length: 40 }, (_, i) =>
        api.run(box, ['sh', '-c', `cat; echo ${i}`], { stdin: 'x' }),
      );

      const outputs = (await Promise.all(runs)).map(({ stdout }) => stdout.toString());

      assert.deepEqual(
        outputs,
        runs.map((_, i) => `x${i}\n`),
      );
    });

    it('answer after their input ended', async () => {
      const { stdout } = await api.run(box, ['sh', '-c', 'cat >/dev/null; echo late'], { stdin: 'x' });

      assert.equal(stdout.toString(), 'late\n');
    });

    it('may end before their input does', async () => {
      const { stdout, exitCode } = await api.run(box, ['sh', '-c', 'echo bye'], { stdin: randomBytes(BIG) });

      assert.deepEqual([stdout.toString(), exitCode], ['bye\n', 0]);
    });

    it('keep output for a client that comes late', async () => {
      const execution = await api.start(box, ['sh', '-c', 'echo early; exit 4']);
      await eventually(async () => assert.equal((await api.call('GET', execution)).body.status, 'completed'));

      const { stdout, exitCode } = await api.attach(execution).ended();

      assert.deepEqual([stdout.toString(), exitCode], ['early\n', 4]);
    });

    it('are held while nobody reads, and lose nothing', async () => {
      const execution = await api.start(box, ['sh', '-c', `head -c ${BIG} /dev/zero; echo done >&2`]);
      const attached = api.attach(execution);
      await attached.opened;
      attached.ws.pause();
      await eventually(async () => assert.equal((await api.call('GET', execution)).body.status, 'running'));
      attached.ws.resume();

      assert.equal((await attached.ended()).stdout.length, BIG);
    });

    const endings = [
      { how: 'by themselves', script: 'exit 42', exitCode: 42 },
      { how: 'by SIGTERM', script: 'kill -TERM $$', exitCode: -15 },
      { how: 'by SIGKILL', script: 'kill -KILL $$', exitCode: -9 },
    ];
    for (const { how, script, exitCode } of endings) {
      it(`end ${how}: ${exitCode}`, async () => {
        assert.equal((await api.run(box, ['sh', '-c', script])).exitCode, exitCode);
      });
    }

    it('that are not there exit with 127 and say so', async () => {
      const { stderr, exitCode } = await api.run(box, ['no-such-program']);

      assert.equal(exitCode, 127);
      assert.match(stderr.toString(), /no-such-program/);
    });

    it('start at home, with the environment of the box and of the request', async () => {
      const script = 'echo "$PWD|$HOME|$FROM_BOX|$BOTH|$FROM_EXEC|$npm_lifecycle_event"';

      const { stdout } = await api.run(box, ['sh', '-c', script], {
        env: { BOTH: 'exec', FROM_EXEC: 'exec' },
      });

      const [cwd, home, ...rest] = stdout.toString().trimEnd().split('|');
      assert.equal(cwd, home);
      assert.deepEqual(rest, ['box', 'exec', 'exec', '']);
    });

    if (runtime === 'process') {
      it('have their runtime folder, also when the system has cleared /tmp of it', async () => {
        const folder = (await api.run(box, ['sh', '-c', 'printf %s "$XDG_RUNTIME_DIR"'])).stdout.toString();
        rmSync(folder, { recursive: true });

        const { exitCode } = await api.run(box, ['test', '-d', folder]);

        assert.equal(exitCode, 0);
      });
    }

    it('start in the folder of the request', async () => {
      assert.equal((await api.run(box, ['pwd'], { cwd: '/usr/bin' })).stdout.toString(), '/usr/bin\n');
    });

    it('in a folder that is not there fail and say so', async () => {
      const { stderr, exitCode } = await api.run(box, ['pwd'], { cwd: '/no/such/folder' });

      assert.notEqual(exitCode, 0);
      assert.notEqual(stderr.toString(), '');
    });

    it('get arguments as they are', async () => {
      const args = ['', ' ', 'a b', `'"$(id)\`id\``, '%s', '\n', '📦', '--'];

      const { stdout } = await api.run(box, ['printf', '%s|', ...args]);

      assert.equal(stdout.toString(), args.map((arg) => `${arg}|`).join(''));
    });

    it('get signals, and their whole group does', async () => {
      const script = 'trap "echo got it; exit 5" USR1; echo ready; while :; do sleep 0.1; done';
      const attached = api.attach(await api.start(box, ['sh', '-c', script]));
      await attached.until('ready');
      attached.control({ type: 'signal', sig: 10 });

      const { stdout, exitCode } = await attached.ended();

      // The group's `sleep` dies of the signal; the shell lives to handle it.
      assert.match(stdout.toString(), /got it/);
      assert.equal(exitCode, 5);
    });

    it('are told to end with all their children by DELETE', async () => {
      const execution = await api.start(box, ['sh', '-c', 'sleep 7001 & sleep 7001 & wait']);
      await eventually(async () => assert.equal(await countSleepers(api, box, 7001), 2));
      await api.call('DELETE', execution);

      await eventually(async () => assert.equal(await countSleepers(api, box, 7001), 0));
    });

    it('are reported ended though a child of theirs keeps their output open', async () => {
      const { stdout, exitCode } = await api.run(box, ['sh', '-c', 'sleep 60 & echo hi']);

      assert.deepEqual([stdout.toString(), exitCode], ['hi\n', 0]);
    });

    describe('in a terminal', () => {
      it('have one, of the size that the client says', async () => {
        const script = 'tty; stty size; while :; do sleep 0.05; stty size; done';
        const attached = api.attach(await api.start(box, ['sh', '-c', script], { tty: true }));
        await attached.until('24 80');
        attached.control({ type: 'resize', cols: 101, rows: 33 });
        await attached.until('33 101');
        attached.write(Buffer.from('\u0003'));

        const { stdout } = await attached.ended();

        assert.match(stdout.toString(), /^\/dev\//);
      });

      it('pass on their exit code', async () => {
        assert.equal((await api.run(box, ['sh', '-c', 'exit 9'], { tty: true })).exitCode, 9);
      });

      it('may close it before they end', async () => {
        const script = 'exec <&- >&- 2>&-; sleep 0.1; exit 7';

        assert.equal((await api.run(box, ['sh', '-c', script], { tty: true })).exitCode, 7);
      });

      it('see the end of input', async () => {
        const attached = api.attach(await api.start(box, ['cat'], { tty: true }));
        await attached.opened;
        attached.write(Buffer.from('line\n'));
        await attached.until('line\r\nline\r\n');
        attached.control({ type: 'stdin_eof' });

        assert.equal((await attached.ended()).exitCode, 0);
      });

      it('take a paste that is larger than the terminal holds', async () => {
        const lines = Buffer.from(`${'x'.repeat(99)}\n`.repeat(5000));
        const script = `stty -echo; echo ready; head -c ${lines.length} | wc -c; sleep 0.1`;
        const attached = api.attach(await api.start(box, ['sh', '-c', script], { tty: true }));
        await attached.until('ready');
        attached.write(lines);

        assert.match((await attached.ended()).stdout.toString(), new RegExp(`${lines.length}\\r\\n$`));
      });

      it('lose no output to a slow reader', async () => {
        const attached = api.attach(
          await api.start(box, ['sh', '-c', 'seq 1 400000; echo last'], { tty: true }),
        );
        await attached.opened;
        attached.ws.pause();
        // Longer than node-pty leaves a terminal open after its process ended.
        await delay(500);
        attached.ws.resume();

        const { stdout } = await attached.ended();

        assert.match(stdout.subarray(-30).toString(), /\n400000\r\nlast\r\n$/);
        assert.equal(stdout.length, seqLength(400_000) + 'last\r\n'.length);
      });
    });

    it('stop with the box, daemons and all', async () => {
      const id = await api.create();
      const execution = await api.start(id, [
        'sh',
        '-c',
        'setsid sleep 7002 & (trap "" TERM HUP; sleep 7002) & sleep 7002',
      ]);
      await eventually(async () => assert.equal(await countSleepers(api, id, 7002), 3));

      assert.equal((await api.call('POST', `/boxes/${id}/stop`)).status, 200);

      assert.equal((await api.call('GET', execution)).body.status, 'killed');
      assert.equal(await countSleepers(api, id, 7002), 0);
    });

    it('stop with the box though they overwrite the environment that they show', async function () {
      requireTool(this, 'perl');
      const id = await api.create();
      const attached = api.attach(
        await api.start(id, ['perl', '-e', '$| = 1; $0 = "x" x 5000; print "ready"; sleep 7003']),
      );
      await attached.until('ready');

      await api.call('POST', `/boxes/${id}/stop`);

      assert.ok((await attached.ended()).exitCode! < 0);
    });

    for (const tty of [false, true]) {
      describe(`that have stopped themselves ${tty ? 'in' : 'without'} a terminal`, () => {
        const leaveStopped = async (id: string) => {
          const script = 'echo $$.; read go; kill -STOP $$';
          const execution = await api.start(id, ['sh', '-c', script], { tty });
          const attached = api.attach(execution);
          await attached.until('.');
          attached.write(Buffer.from('\n'));
          const pid = Number.parseInt(attached.output().toString(), 10);
          await eventually(async () => assert.match(await api.sh(id, `cat /proc/${pid}/stat`), /\) T /));
          return { execution, attached };
        };

        it('end by DELETE', async () => {
          const { execution, attached } = await leaveStopped(box);

          await api.call('DELETE', execution);

          assert.notEqual((await attached.ended()).exitCode, 0);
        });

        it('end with the box', async () => {
          const id = await api.create();
          const { attached } = await leaveStopped(id);

          assert.equal((await api.call('POST', `/boxes/${id}/stop`)).body.status, 'stopped');

          assert.notEqual((await attached.ended()).exitCode, 0);
        });
      });
    }

    it('keep what they wrote at home when the box stops', async () => {
      await api.sh(box, 'echo kept > ~/file');
      await api.call('POST', `/boxes/${box}/stop`);

      assert.equal(await api.sh(box, 'cat ~/file'), 'kept');
    });

    describe('files', () => {
      const headers = () => ({ authorization: `Bearer ${api.token}` });
      const url = (file: string) => `${api.url}/v1/boxes/${box}/files?path=${encodeURIComponent(file)}`;

      it('go in and out as tar, byte for byte', async () => {
        await api.sh(
          box,
          'mkdir -p from/deep && printf "a\\377\\000b" > from/deep/x && ln -s deep/x from/link',
        );
        const archive = await fetch(url('from'), { headers: headers() });
        assert.equal(archive.status, 200);
        const tar = Buffer.from(await archive.arrayBuffer());

        const put = await fetch(url('to/here'), { method: 'PUT', headers: headers(), body: tar });

        assert.equal(put.status, 204);
        assert.equal(await api.sh(box, 'cat to/here/from/link | od -An -tx1 | tr -d " "'), '61ff0062');
      });

      it('that are not there are told apart', async () => {
        const response = await fetch(url('none'), { headers: headers() });

        assert.equal(response.status, 404);
      });

      it('need a path', async () => {
        assert.equal((await api.call('GET', `/boxes/${box}/files`)).status, 400);
      });

      it('that are no archive are refused', async () => {
        const response = await fetch(url('bad'), {
          method: 'PUT',
          headers: headers(),
          body: 'not a tar file',
        });

        assert.equal(response.status, 422);
      });
    });
  });
}

/** Bytes of `seq 1 N` in a terminal, which ends lines by two characters. */
function seqLength(n: number): number {
  let total = 0;
  for (let i = 1; i <= n; i++) total += String(i).length + 2;
  return total;
}
