import assert from 'node:assert/strict';
import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { listProcesses } from '../../../src/processes/procfs';
import { eventually } from '../../helpers/eventually';
import { isRunning } from '../../helpers/processes';
import { requireTool } from '../../helpers/require';
import { SandboxOverSsh } from '../../helpers/sandboxOverSsh';

describe('Agents in boxes of the local cloud', function () {
  this.timeout(30_000);
  const opened: SandboxOverSsh[] = [];
  before(function () {
    requireTool(this, 'ssh', 'bwrap', 'nsenter');
  });
  afterEach(async () => {
    for (const sandbox of opened.splice(0)) await sandbox.close();
  });

  const open = async (runtime: 'process' | 'bubblewrap'): Promise<SandboxOverSsh> => {
    const sandbox = await SandboxOverSsh.open({ runtime, backend: 'agent' });
    opened.push(sandbox);
    return sandbox;
  };

  const ends: { name: string; end: (sandbox: SandboxOverSsh) => Promise<unknown> }[] = [
    { name: 'is stopped', end: ({ client, sandbox }) => client.stop(sandbox.id) },
    { name: 'is deleted', end: ({ client, sandbox }) => client.delete(sandbox.id) },
    { name: 'loses its cloud', end: ({ server }) => server.stop() },
  ];
  for (const runtime of ['process', 'bubblewrap'] as const) {
    for (const { name, end } of ends) {
      it(`are gone with a box of the ${runtime} runtime that ${name}`, async () => {
        const sandbox = await open(runtime);
        const agent = await agentOf(sandbox);
        assert.ok(isRunning(agent));

        await end(sandbox);

        // What is killed has no environment any more, by which it would be found, a moment before it is gone.
        await eventually(() => assert.equal(isRunning(agent), false), 1_000);
      });
    }
  }

  it('are one for each box, also where boxes are plain processes', async () => {
    const [one, other] = [await open('process'), await open('process')];

    assert.notEqual(await agentOf(one), await agentOf(other));
    const homes = await Promise.all([one, other].map((sandbox) => printed(sandbox, 'echo "$HOME"')));
    assert.notEqual(homes[0], homes[1]);
  });

  it('leave nothing in /tmp when their box is stopped', async () => {
    const sandbox = await open('process');
    const folder = await printed(sandbox, 'echo "$XDG_RUNTIME_DIR"');
    assert.match(folder, /^\/tmp\//);

    await sandbox.client.stop(sandbox.sandbox.id);

    assert.equal(existsSync(folder), false);
  });
});

/** The process that runs what ssh asks for, by its number on this computer. */
async function agentOf(sandbox: SandboxOverSsh): Promise<number> {
  const [namespace, number] = (await printed(sandbox, 'readlink /proc/self/ns/pid; echo $PPID')).split('\n');
  const found = listProcesses().find(
    ({ pid }) => numbersOf(pid).at(-1) === number && spaceOf(pid) === namespace,
  );
  assert.ok(found, `process ${number} in ${namespace}`);
  assert.match(readFileSync(`/proc/${found.pid}/cmdline`, 'utf8'), /\/agent\.js\0serve\0/);
  return found.pid;
}

async function printed(sandbox: SandboxOverSsh, command: string): Promise<string> {
  const { stdout, stderr, code } = await sandbox.ssh(command);
  assert.equal(code, 0, stderr);
  return stdout.toString().trim();
}

/** Its numbers in all process namespaces that it is in, the innermost last: proc_pid_status(5), NSpid. */
function numbersOf(pid: number): readonly string[] {
  return (
    /^NSpid:\s+(.*)$/m
      .exec(readOr('', () => readFileSync(`/proc/${pid}/status`, 'utf8')))?.[1]
      ?.split('\t') ?? []
  );
}

function spaceOf(pid: number): string {
  return readOr('', () => readlinkSync(`/proc/${pid}/ns/pid`));
}

/** A process may end while it is looked at. */
function readOr(otherwise: string, read: () => string): string {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
