import assert from 'node:assert/strict';
import type { Sandbox } from '../../src/cloud/provider';
import { eventually } from '../helpers/eventually';
import { endpointOf, makeSandbox, STARTS_A_SANDBOX_MS, useOpenHands } from './client';
import { CloudHost } from './host';

describe('ssh into an OpenHands sandbox', function () {
  this.timeout(STARTS_A_SANDBOX_MS);

  const lab = useOpenHands();
  let sandbox: Sandbox;
  let host: CloudHost;
  before(async () => {
    sandbox = await makeSandbox(lab.client);
    host = await CloudHost.open({ endpoint: endpointOf(lab.cloud), sandbox });
  });
  after(() => host.close());

  it('runs a command as the user of the sandbox, with its exit code', async () => {
    const { code, stdout, stderr } = await host.ssh('id -un; cat; echo oops >&2; exit 7', 'input');

    assert.deepEqual([code, stdout.toString()], [7, 'openhands\ninput']);
    assert.match(stderr, /oops\n$/);
  });

  it('has a terminal, whose shell is told of its size', async () => {
    const terminal = host.openTerminal({ columns: 101, rows: 31 });
    await terminal.showsAfter('stty size\r', /31 101/);
    terminal.type('exit\r');

    assert.equal(await terminal.exited, 0);
  });

  it('carries files byte for byte', async () => {
    const content = Buffer.from([...Array(300_000).keys()].map((byte) => (byte * 7) & 0xff));

    const { code, stdout } = await host.ssh('tee /workspace/file | sha256sum; cat /workspace/file', content);

    assert.equal(code, 0);
    assert.ok(stdout.subarray(stdout.indexOf('\n') + 1).equals(content));
  });

  it('is refused while the sandbox is paused and nobody asked for it', async () => {
    await lab.client.stop(sandbox.id);
    const unasked = await CloudHost.open({ endpoint: endpointOf(lab.cloud), sandbox, mayStart: false });
    const { code } = await unasked.ssh('true');

    assert.equal(code, 255);
    await eventually(() => assert.equal(unasked.states.at(-1)?.reason, 'stopped'));
    assert.equal(lab.cloud.sandbox(sandbox.id).status, 'PAUSED');
    await unasked.close();
  });

  it('works again after a resume, which left nothing running', async () => {
    const { code, stdout } = await host.ssh('ls /workspace/file');

    assert.deepEqual([code, stdout.toString()], [0, '/workspace/file\n']);
  });
});
