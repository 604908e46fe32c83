import assert from 'node:assert/strict';
import { once } from 'node:events';
import { BridgeHost } from '../../helpers/bridgeHost';
import { ForwardingSsh } from '../../helpers/forwards';
import { LocalBackend } from '../../helpers/localBackend';
import { readAll } from '../../helpers/remoteProcess';
import { requireTool } from '../../helpers/require';
import { AGENT_KEY, agentOptions, withSshAgent } from '../../helpers/sshAgent';

describe('ssh -A', () => {
  let host: BridgeHost;
  before(function () {
    requireTool(this, 'ssh', 'ssh-agent', 'ssh-add');
  });
  beforeEach(async () => {
    host = await BridgeHost.open(() => new LocalBackend());
  });
  afterEach(() => host.close());

  const whichSocket = 'echo "${SSH_AUTH_SOCK-none}"';

  it('lends the agent: ssh-add lists its keys in the sandbox', () =>
    withSshAgent(host.dir, async (socket) => {
      const { stdout } = await host.run('ssh', [...agentOptions(socket), host.alias, 'ssh-add -l']);

      assert.match(stdout.toString(), new RegExp(`${AGENT_KEY} \\(ED25519\\)\n$`));
    }));

  it('serves several programs at once', () =>
    withSshAgent(host.dir, async (socket) => {
      const command = 'for i in 1 2 3 4 5; do ssh-add -l & done; wait';

      const { stdout } = await host.run('ssh', [...agentOptions(socket), host.alias, command]);

      assert.equal(stdout.toString().match(new RegExp(AGENT_KEY, 'g'))?.length, 5);
    }));

  it('ends connections of programs once the agent has ended', async () => {
    const child = await withSshAgent(host.dir, async (socket) => {
      const command = 'echo ready; read line; ssh-add -l';
      const ssh = host.spawn('ssh', [...agentOptions(socket), host.alias, command]);
      await once(ssh.stdout!, 'data');
      return ssh;
    });
    child.stdin!.end('\n');

    const [stderr] = await Promise.all([readAll(child.stderr!), once(child, 'exit')]);

    assert.match(stderr.toString(), /communication with agent failed/);
  });

  it('is the one way to it: without, programs have no socket', () =>
    withSshAgent(host.dir, async (socket) => {
      const options = ['-o', `IdentityAgent=${socket}`, '-a'];

      const { stdout } = await host.run('ssh', [...options, host.alias, whichSocket]);

      assert.equal(stdout.toString(), 'none\n');
    }));

  it('lends it to the session that asked, not to another of the same connection', () =>
    withSshAgent(host.dir, async (socket) => {
      const control = ['-S', `${host.dir}/c`];
      const master = await ForwardingSsh.open(host, ['-M', ...control, ...agentOptions(socket)]);

      const [lending, other] = await Promise.all([
        host.run('ssh', [...control, ...agentOptions(socket), host.alias, 'ssh-add -l']),
        host.run('ssh', [...control, '-a', host.alias, whichSocket]),
      ]);

      assert.match(lending.stdout.toString(), new RegExp(AGENT_KEY));
      assert.equal(other.stdout.toString(), 'none\n');
      await master.close();
    }));
});
