import assert from 'node:assert/strict';
import { once } from 'node:events';
import { delay } from '../../src/base/async';
import { eventually } from '../helpers/eventually';
import { isRunning } from '../helpers/processes';
import { readAll } from '../helpers/remoteProcess';
import { requireTool } from '../helpers/require';
import { useSandbox, type SandboxOverSsh } from '../helpers/sandboxOverSsh';
import { withoutWaits } from '../helpers/waits';

const SLEEP_MS = 60_000;
/** Of the agent that runs in the sandbox, in its own file. */
const AGENT_PID = `sed 's/.*"pid":\\([0-9]*\\).*/\\1/' ~/.cache/cloud-sandboxes/agent-*/agent.json`;

describe('a connection whose other end is hurt', function () {
  this.timeout(60_000);
  const opened = useSandbox({ runtime: 'bubblewrap', backend: 'agent' }, (context) =>
    requireTool(context, 'ssh', 'bwrap'),
  );

  it('says what happened when the agent is killed, and the next one finds a fresh agent', async () => {
    const sandbox = opened.current;
    const ssh = sandbox.spawn('ssh', [sandbox.alias, 'echo begun; exec cat']);
    const complaints = readAll(ssh.stderr!);
    const ended = once(ssh, 'close');
    await once(ssh.stdout!, 'data');
    const connection = await runningConnection(sandbox);

    await sandbox.ssh(`kill -KILL $(${AGENT_PID})`);

    assert.deepEqual(await ended, [255, null]);
    assert.match((await complaints).toString(), /^cloud-sandboxes: [^\n]*agent[^\n]*has ended[^\n]*$/m);
    await eventually(() => assert.ok(!isRunning(connection)));
    const { stdout, stderr, code } = await sandbox.ssh('echo fresh');
    assert.deepEqual([stdout.toString(), withoutWaits(stderr), code], ['fresh\n', '', 0]);
  });

  it('goes on after a minute in which its computer slept', async () => {
    const sandbox = opened.current;
    const ssh = sandbox.spawn('ssh', [sandbox.alias, 'echo begun; exec cat']);
    const complaints = readAll(ssh.stderr!);
    const ended = once(ssh, 'close');
    await once(ssh.stdout!, 'data');
    const pid = await runningConnection(sandbox);

    process.kill(pid, 'SIGSTOP');
    ssh.stdin!.write('said to a sleeper\n');
    await delay(SLEEP_MS);
    process.kill(pid, 'SIGCONT');
    const [answer] = (await once(ssh.stdout!, 'data')) as [Buffer];
    ssh.stdin!.end();

    assert.equal(answer.toString(), 'said to a sleeper\n');
    assert.deepEqual(await ended, [0, null]);
    assert.equal(withoutWaits((await complaints).toString()), '');
  }).timeout(SLEEP_MS + 60_000);
});

/** The process of the connection that is open; its first state may come after its first output. */
function runningConnection({ states }: SandboxOverSsh): Promise<number> {
  return eventually(() => {
    const state = states.at(-1);
    assert.ok(state?.phase === 'connected' && isRunning(state.pid));
    return state.pid;
  });
}
