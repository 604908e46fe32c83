/** The life of sandboxes in the stand-in for OpenHands Cloud. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import * as net from 'node:net';
import type { SandboxInfo } from '../../clouds/openhands/options';
import { useOpenHandsClouds } from '../../clouds/openhands/suite';
import { eventually } from '../../helpers/eventually';
import { isRunning } from '../../helpers/processes';
import { requireTool } from '../../helpers/require';

describe('sandboxes of the stand-in for OpenHands Cloud', function () {
  this.timeout(60_000);
  const start = useOpenHandsClouds({ agentServer: 'standIn' });
  before(function () {
    requireTool(this, 'bwrap');
  });

  it('are STARTING without URLs and key at first', async () => {
    const { client } = await start();
    const {
      status,
      exposed_urls: urls,
      session_api_key: key,
    } = (await client.call('POST', '/api/v1/sandboxes')).body as SandboxInfo;

    assert.deepEqual([status, urls, key], ['STARTING', null, null]);
  });

  it('run before they can be reached', async () => {
    const { client } = await start();
    const { id } = (await client.call('POST', '/api/v1/sandboxes')).body as SandboxInfo;

    const info = await eventually(async () => {
      const found = await client.get(id);
      assert.equal(found?.status, 'RUNNING');
      return found;
    });
    const health = await fetch(`${info.exposed_urls![0]!.url}/health`);

    assert.deepEqual([health.status, health.headers.get('content-type')], [502, 'text/html']);
  });

  it('keep /workspace alone over a pause, and get another session key', async () => {
    const { client } = await start();
    const sandbox = await client.create();
    await sandbox.run('touch /workspace/kept ~/lost /tmp/lost; setsid sleep 1000 >/dev/null 2>&1 &');

    await client.call('POST', `/api/v1/sandboxes/${sandbox.id}/pause`);
    const paused = await client.get(sandbox.id);
    await client.call('POST', `/api/v1/sandboxes/${sandbox.id}/resume`);
    const resumed = await client.ready(sandbox.id);

    assert.deepEqual([paused?.status, paused?.session_api_key, paused?.exposed_urls], ['PAUSED', null, null]);
    assert.equal(await resumed.run('ls /workspace/kept ~/lost /tmp/lost; pgrep sleep'), '/workspace/kept\n');
    assert.notEqual(resumed.info.session_api_key, sandbox.info.session_api_key);
    assert.equal(
      (await resumed.call('GET', '/api/bash/bash_events/search', undefined, sandbox.info.session_api_key!))
        .status,
      401,
    );
  });

  it('that run are not changed by a resume', async () => {
    const { client } = await start();
    const sandbox = await client.create();
    await client.call('POST', `/api/v1/sandboxes/${sandbox.id}/resume`);

    assert.deepEqual(await client.get(sandbox.id), sandbox.info);
  });

  it('leave no process behind', async () => {
    const { cloud, client } = await start();
    const sandbox = await client.create();
    const pid = cloud.sandbox(sandbox.id).hostPid!;
    await client.call('DELETE', `/api/v1/sandboxes/any?sandbox_id=${sandbox.id}`);

    assert.equal(isRunning(pid), false);
    assert.equal(await client.get(sandbox.id), null);
  });

  it('beyond the cap pause the oldest', async () => {
    const { client } = await start({ maxRunning: 1 });
    const oldest = await client.create();
    await client.create();

    assert.equal((await client.get(oldest.id))?.status, 'PAUSED');
  });

  for (const { release, want } of [
    { release: 'current', want: 409 },
    { release: 'old', want: 404 },
  ] as const) {
    it(`whose runtime is gone are not resumed by a server of the ${release} release`, async () => {
      const { cloud, client } = await start({ release });
      cloud.sandboxes.addRow({ id: 'gone' });

      assert.equal((await client.call('POST', '/api/v1/sandboxes/gone/resume')).status, want);
    });
  }

  it('of an old server have URLs without ports, and no details', async () => {
    const { client } = await start({ release: 'old' });
    const { info } = await client.create();

    assert.deepEqual(Object.keys(info.exposed_urls![0]!), ['name', 'url']);
    assert.equal('status_detail' in info, false);
  });

  it('have an SSH service where they are told to', async () => {
    const { client } = await start({ hasSshService: true });
    const sandbox = await client.create();
    const { port } = new URL(sandbox.urlOf('SSH'));

    await eventually(async () => assert.match(await greetingOf(Number(port)), /^SSH-2\.0-OpenSSH/));
  });
});

/** The first bytes of whoever serves a port of this computer. */
async function greetingOf(port: number): Promise<string> {
  const socket = net.connect(port, '127.0.0.1');
  try {
    return String((await once(socket, 'data'))[0]);
  } finally {
    socket.destroy();
  }
}
