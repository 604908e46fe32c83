import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { requireTool } from '../../../helpers/require';
import { useSandbox } from '../../../helpers/sandboxOverSsh';

describe('New keys of a sandbox in which an agent runs', function () {
  this.timeout(30_000);
  const sandbox = useSandbox({ runtime: 'bubblewrap', backend: 'agent' }, (context) =>
    requireTool(context, 'ssh', 'bwrap', 'nsenter'),
  );

  /** The input stays open, as in a window that runs a command by ssh. */
  const spawn = (command: string): ChildProcess =>
    sandbox.current.spawn('ssh', [sandbox.current.alias, command], { stdio: ['pipe', 'pipe', 'inherit'] });
  const said = async ({ stdout }: ChildProcess): Promise<string> =>
    String(((await once(stdout!, 'data')) as [Buffer])[0]);

  it('lead to the same agent, while what goes by the old ones goes on', async () => {
    const old = spawn('echo $PPID; exec cat');
    const agent = await said(old);

    await sandbox.current.serve(true);
    const renewed = spawn('echo $PPID');
    const ended = once(renewed, 'exit');

    assert.equal(await said(renewed), agent);
    assert.deepEqual(await ended, [0, null]);
    old.stdin!.write('still there');
    assert.equal(await said(old), 'still there');
  });
});
