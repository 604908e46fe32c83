import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import type { BoxApi } from '../../helpers/boxApi';
import { makeBusyboxRoot } from '../../helpers/busyboxRoot';
import { makeGnuRoot } from '../../helpers/gnuRoot';
import { LocalCloudServer } from '../../helpers/localCloud';
import { requireTool, skipFor } from '../../helpers/require';

/** Tells what a command in a box could do to the computer. */
const ATTACKS = [
  'echo x > /proc/sys/kernel/core_pattern',
  'echo 1 > /proc/sys/kernel/sysrq',
  'echo h > /proc/sysrq-trigger',
  'mount -o remount,rw /proc/sys',
  'umount /proc/sys',
  'mount -t tmpfs x /workspace',
];

describe('Isolation by bubblewrap', function () {
  this.timeout(30_000);
  const dir = mkdtempSync(path.join(os.tmpdir(), 'sbx-bare-'));
  let server: LocalCloudServer;
  let api: BoxApi;

  before(async function () {
    requireTool(this, 'bwrap', 'nsenter', 'busybox');
    if (process.getuid?.() !== 0) skipFor(this, 'these are the tests for root');
    server = await LocalCloudServer.start({
      stateDir: path.join(dir, 'state'),
      args: ['--runtime', 'bubblewrap'],
    });
    api = server.api;
  });
  after(async () => {
    await server.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  const roots = [
    { what: 'the programs of this computer', image: () => undefined },
    { what: 'a bare root folder', image: () => makeBusyboxRoot(path.join(dir, 'busybox')) },
    { what: 'a root folder of GNU programs', image: () => makeGnuRoot(path.join(dir, 'gnu')) },
  ];
  for (const { what, image } of roots) {
    describe(`with ${what}`, () => {
      let box: string;
      before(async () => {
        const root = image();
        box = await api.create({ network: { outbound: { mode: 'disabled' } }, ...(root && { image: root }) });
      });

      it('runs a command in its own home, under its own name', async () => {
        const name = (await api.call('GET', `/boxes/${box}`)).body.name;

        assert.equal(await api.sh(box, 'pwd; uname -n; id -u'), `/root\n${name}\n0`);
      });

      it('has a place for temporary files, and devices', async () => {
        assert.equal(
          await api.sh(box, 'echo a > /tmp/f && cat /tmp/f; echo b > /dev/null && echo c'),
          'a\nc',
        );
      });

      it('sees its own processes only', async () => {
        const pids = await api.sh(box, 'cd /proc; ls -d [0-9]*');

        assert.ok(pids.split('\n').length < 8, pids);
      });

      it('has no network but its own', async () => {
        const devices = await api.sh(box, 'cat /proc/net/dev');

        assert.equal(devices.split('\n').filter((line) => line.includes(':')).length, 1);
        assert.match(devices, /lo:/);
      });

      for (const attack of ATTACKS) {
        it(`does not allow: ${attack}`, async () => {
          assert.notEqual((await api.run(box, ['sh', '-c', `${attack} 2>/dev/null`])).exitCode, 0);
        });
      }

      it('has no power over the mounts of the box', async () => {
        const shown = await api.sh(box, 'cat /proc/mounts');

        assert.match(shown, / \/proc\/sys proc ro,/);
      });

      it('runs a command in a terminal', async () => {
        const { stdout, exitCode } = await api.run(box, ['sh', '-c', '[ -t 0 ] && echo terminal; exit 6'], {
          tty: true,
        });

        assert.deepEqual([stdout.toString(), exitCode], ['terminal\r\n', 6]);
      });

      it('has job control in a terminal, whose shell ends with its own code', async () => {
        const { stdout, exitCode } = await api.run(box, ['sh', '-ic', 'sleep 2 & jobs; exit 3'], {
          tty: true,
        });

        const text = stdout.toString();
        assert.match(text, /Running +.*sleep 2/);
        assert.doesNotMatch(text, /tty/);
        assert.equal(exitCode, 3, text);
      });

      it('interrupts what is in the foreground of a terminal by ^C', async () => {
        const attached = api.attach(await api.start(box, ['sh', '-c', 'echo go; sleep 60'], { tty: true }));
        await attached.until('go');
        attached.write(Buffer.from('\x03'));

        assert.notEqual((await attached.ended()).exitCode, 0);
      });

      it('ends a killed command in a terminal', async () => {
        const execution = await api.start(box, ['sh', '-ic', 'sleep 60'], { tty: true });
        const attached = api.attach(execution);
        await attached.opened;
        await api.call('DELETE', execution);

        assert.notEqual((await attached.ended()).exitCode, 0);
      });

      it('ends a killed command', async () => {
        const execution = await api.start(box, ['sleep', '60']);
        const attached = api.attach(execution);
        await attached.opened;
        await api.call('DELETE', execution);

        assert.equal((await attached.ended()).exitCode, -9);
      });

      it('keeps home and workspace when the box stops', async () => {
        await api.sh(box, 'echo 1 > /root/a; echo 2 > /workspace/b');
        await api.call('POST', `/boxes/${box}/stop`);

        assert.equal(await api.sh(box, 'cat /root/a /workspace/b'), '1\n2');
      });
    });
  }

  it('drops the capabilities that reach the computer, and gains none', async () => {
    const box = await api.create();

    const status = await api.sh(box, 'cat /proc/self/status');

    const effective = BigInt(`0x${/^CapEff:\s*(\w+)$/m.exec(status)?.[1] ?? ''}`);
    for (const [name, bit] of [
      ['mknod', 27n],
      ['sys_admin', 21n],
      ['sys_module', 16n],
      ['sys_ptrace', 19n],
      ['net_admin', 12n],
    ] as const) {
      assert.equal(effective & (1n << bit), 0n, name);
    }
    assert.match(status, /^NoNewPrivs:\s*1$/m);
  });

  it('shows neither the files nor the environment of the user', async () => {
    const box = await api.create();

    const { exitCode } = await api.run(box, ['ls', os.homedir() === '/root' ? dir : os.homedir()]);

    assert.notEqual(exitCode, 0);
    const variables = (await api.sh(box, 'env')).split('\n').map((line) => line.split('=')[0]);
    assert.deepEqual(variables.sort(), ['HOME', 'LANG', 'LOGNAME', 'PATH', 'PWD', 'USER']);
  });

  it('refuses a root that is no folder', async () => {
    const { status, body } = await api.call('POST', '/boxes', { image: '/no/such/root' });

    assert.equal(status, 422);
    assert.match(body.error.message, /\/no\/such\/root/);
  });
});
