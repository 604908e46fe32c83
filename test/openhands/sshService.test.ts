import assert from 'node:assert/strict';
import type { Sandbox } from '../../src/cloud/provider';
import { requireTool } from '../helpers/require';
import { endpointOf, makeSandbox, STARTS_A_SANDBOX_MS, useOpenHands } from './client';
import { CloudHost } from './host';

describe('An OpenHands sandbox with an SSH server of its own', function () {
  this.timeout(STARTS_A_SANDBOX_MS);

  before(function () {
    requireTool(this, 'sshd');
  });
  const lab = useOpenHands({ agentServer: 'standIn', hasSshService: true });
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await makeSandbox(lab.client);
  });

  it('says who its user is and what its host keys are', async () => {
    const service = (await lab.client.transport(sandbox.id).sshService!())!;

    assert.equal(service.user, 'openhands');
    assert.match(service.hostKeys!.join('\n'), /^ssh-ed25519 [\w+/=]+$/m);
  });

  it('lets a key in that it is told of, once', async () => {
    const transport = lab.client.transport(sandbox.id);
    const service = (await transport.sshService!())!;
    await service.authorize!('ssh-ed25519 AAAAone');
    await service.authorize!('ssh-ed25519 AAAAone');
    const { stdout } = await transport.agentHost!.run(
      'cat ~/.ssh/authorized_keys; stat -c %a ~/.ssh/authorized_keys',
    );

    assert.deepEqual(stdout.match(/AAAAone/g)?.length, 1);
    assert.match(stdout, /\n600\n$/);
  });

  it('is reached through it, with the key of this computer', async () => {
    const host = await CloudHost.open({ endpoint: endpointOf(lab.cloud), sandbox, backend: 'sshd' });
    const { code, stdout, stderr } = await host.ssh('echo $SSH_CONNECTION | wc -w; cat', 'input');
    await host.close();

    assert.deepEqual([code, stdout.toString()], [0, '4\ninput'], stderr);
  });
});
