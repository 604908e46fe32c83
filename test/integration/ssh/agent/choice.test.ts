import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { makeBusyboxRoot } from '../../../helpers/busyboxRoot';
import { eventually } from '../../../helpers/eventually';
import { readAll } from '../../../helpers/remoteProcess';
import { requireTool } from '../../../helpers/require';
import { useSandbox, type SandboxOverSsh } from '../../../helpers/sandboxOverSsh';

/** Runs a command by an ssh whose connection logs what it finds. */
async function runVerbosely(sandbox: SandboxOverSsh, command: string): Promise<string> {
  const ssh = sandbox.spawn('ssh', [sandbox.alias, command], {
    env: { ...process.env, CLOUD_SANDBOXES_LOG: 'info' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const said = await readAll(ssh.stderr!);
  return said.toString();
}

describe('how channels are made, unless the user has set it', () => {
  const sandbox = useSandbox({ runtime: 'bubblewrap', backend: 'auto' }, (context) =>
    requireTool(context, 'ssh', 'bwrap'),
  );

  it('is by the agent where there is a Node, and the log says over what', async () => {
    const said = await runVerbosely(sandbox.current, 'true');

    assert.match(said, /\[info\] not by the backend sshd: the cloud tells of no SSH server/);
    assert.match(said, /\[info\] backend agent [0-9a-f]{12}: over execs of the cloud,/);
  });

  it('is told to the windows: lost ways too, and why there will be none', async () => {
    const { client, states } = sandbox.current;
    const before = states.length;
    // Without a command, whose end would tell as well, in other words.
    const ssh = sandbox.current.spawn('ssh', ['-N', sandbox.current.alias]);
    const complaints = readAll(ssh.stderr!);
    const ended = once(ssh, 'close');
    const { connectionId } = await eventually(() => {
      const connected = states.slice(before).find(({ phase }) => phase === 'connected');
      assert.ok(connected);
      return connected;
    });

    await client.stop(sandbox.current.sandbox.id);

    assert.deepEqual(await ended, [255, null]);
    assert.match((await complaints).toString(), /Sandbox [^\n]* is stopped; open it [^\n]* to start it/);
    await eventually(() => {
      const phases = states.filter((state) => state.connectionId === connectionId);
      assert.ok(phases.some(({ phase }) => phase === 'reconnecting'));
      assert.equal(phases.at(-1)?.reason, 'stopped');
    });
    await client.start(sandbox.current.sandbox.id);
  });
});

describe('how channels are made in a sandbox without Node', () => {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'sbx-choice-'));
  const image = path.join(dir, 'root');
  const setUp = (context: Mocha.Context): void => {
    requireTool(context, 'ssh', 'bwrap', 'busybox');
    rmSync(image, { recursive: true, force: true });
    makeBusyboxRoot(dir);
  };
  after(() => rmSync(dir, { recursive: true, force: true }));

  describe('unless the user has set it', () => {
    const sandbox = useSandbox({ runtime: 'bubblewrap', image, backend: 'auto' }, setUp);

    it('is by execs, and the log says why', async () => {
      const said = await runVerbosely(sandbox.current, 'true');

      assert.match(said, /\[info\] not by the backend agent: The sandbox has no Node\.js 18 or later/);
      assert.match(said, /\[info\] backend exec:/);
    });
  });

  describe('by the agent if the user wants it so', () => {
    const sandbox = useSandbox({ runtime: 'bubblewrap', image, backend: 'agent' }, setUp);

    it('fails, and says what is missing', async () => {
      const { code, stderr } = await sandbox.current.ssh('true');

      assert.equal(code, 255);
      assert.match(stderr, /^cloud-sandboxes: The sandbox has no Node\.js 18 or later; install it/m);
    });
  });
});
