import assert from 'node:assert/strict';
import { eventually } from '../../helpers/eventually';
import { connectTo, ForwardingSsh, freePort } from '../../helpers/forwards';
import { readAll } from '../../helpers/remoteProcess';
import { requireTool } from '../../helpers/require';
import { useSandbox } from '../../helpers/sandboxOverSsh';
import { useServers } from '../../helpers/sandboxServers';

describe('relays that were started ahead', () => {
  const sandbox = useSandbox({ runtime: 'bubblewrap' }, (context) =>
    requireTool(context, 'ssh', 'bwrap', 'python3'),
  );
  const servers = useServers(sandbox);

  const inSandbox = (command: string): Promise<string> =>
    sandbox.current.server.api.sh(sandbox.current.sandbox.id, command);
  /** Those of the connection that waits for nothing else; the brackets keep the command that looks out. */
  const findRelays = async (): Promise<string[]> =>
    (await inSandbox("grep -l 'end-of-outpu[t]' /proc/[0-9]*/cmdline; :"))
      .split('\n')
      .flatMap((file) => /\d+/.exec(file) ?? []);

  async function echo(port: number, text: string, whenSent: () => void = () => undefined): Promise<string> {
    const socket = await connectTo(port);
    socket.end(text, whenSent);
    return String(await readAll(socket));
  }

  it('are not needed: a forward opens though they were killed before anyone could know', async () => {
    const others = new Set(sandbox.current.states.map(({ pid }) => pid));
    const port = await freePort();
    const ssh = await ForwardingSsh.open(sandbox.current, ['-L', `${port}:localhost:${servers.echo.port}`]);
    const connection = await eventually(() => {
      const state = sandbox.current.states.find(({ pid }) => !others.has(pid));
      assert.ok(state, 'the connection has not reported');
      return state.pid;
    });
    assert.equal(await echo(port, 'first'), 'first');
    const relays = await eventually(async () => {
      const found = await findRelays();
      assert.equal(found.length, 2);
      return found;
    });

    process.kill(connection, 'SIGSTOP');
    await inSandbox(`kill -9 ${relays.join(' ')}`);
    const second = echo(port, 'second', () => process.kill(connection, 'SIGCONT'));

    assert.equal(await second, 'second');
    await ssh.close();
  });
});
