import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { CloudClient, Endpoint, Sandbox } from '../../src/cloud/provider';
import { listAll } from '../../src/cloud/listAll';
import { readAll } from '../helpers/remoteProcess';
import { connectTo, endpointOf, signInByBrowser, STARTS_A_SANDBOX_MS, useOpenHands } from './client';
import { CloudHost } from './host';

describe('From signing in to OpenHands to the end of a sandbox', function () {
  this.timeout(STARTS_A_SANDBOX_MS);

  let client: CloudClient;
  let endpoint: Endpoint;
  let sandbox: Sandbox;
  let host: CloudHost;
  const opened: (() => void | Promise<void>)[] = [];
  after(async () => {
    for (const close of opened.reverse()) await close();
  });
  const lab = useOpenHands();

  const status = async (): Promise<string> => (await client.get(sandbox.id)).status;

  it('a person signs in with the browser', async () => {
    const token = await signInByBrowser(lab.cloud, ({ userCode }) => lab.cloud.deviceFlow.approve(userCode));
    endpoint = endpointOf(lab.cloud, token);
    client = connectTo(lab.cloud, token);
    opened.push(() => client.dispose());

    assert.equal((await client.whoAmI()).label, 'ann@example.org');
  });

  it('has no sandbox, creates one, and sees it in the list', async () => {
    assert.deepEqual(await listAll(client), []);
    sandbox = await client.create({});

    assert.deepEqual(
      (await listAll(client)).map(({ id }) => id),
      [sandbox.id],
    );
  });

  it('reaches it by ssh at once, which waits until it has started', async () => {
    host = await CloudHost.open({ endpoint, sandbox });
    opened.push(() => host.close());
    const { code, stdout, stderr } = await host.ssh('cat >/workspace/kept; cat /workspace/kept', 'kept\n');

    assert.deepEqual([code, stdout.toString()], [0, 'kept\n'], stderr);
  });

  it('pauses it, which ends a running ssh with the reason and is not undone by it', async () => {
    const ssh = host.spawn('ssh', [host.alias, 'echo begun; exec sleep 600']);
    const complaints = readAll(ssh.stderr!);
    const ended = once(ssh, 'exit');
    await once(ssh.stdout!, 'data');
    await client.stop(sandbox.id);

    assert.equal((await ended)[0], 255);
    assert.match(String(await complaints), /Sandbox .* is paused/);
    assert.equal(await status(), 'paused');
  });

  it('does not have it resumed by a window that was left open', async () => {
    const unasked = await CloudHost.open({ endpoint, sandbox, mayStart: false });
    const { code, stderr } = await unasked.ssh('true');
    await unasked.close();

    assert.equal(code, 255);
    assert.match(stderr, /Sandbox .* is paused; open it from the Cloud Sandboxes view to start it/);
    assert.equal(await status(), 'paused');
  });

  it('opens it again, which resumes it and puts the agent there anew', async () => {
    const { code, stdout, stderr } = await host.ssh('cat /workspace/kept; ls ~/.cache/cloud-sandboxes');

    assert.equal(code, 0, stderr);
    assert.match(stdout.toString(), /^kept\nagent-\S+\n$/);
    assert.equal(await status(), 'running');
  });

  it('deletes it, which the list and ssh both say', async () => {
    await client.delete(sandbox.id);

    assert.deepEqual(await listAll(client), []);
    assert.match((await host.ssh('true')).stderr, /Sandbox .* was deleted/);
  });
});
