import assert from 'node:assert/strict';
import { once } from 'node:events';
import { eventually } from '../../../helpers/eventually';
import { freePort } from '../../../helpers/forwards';
import { isRunning } from '../../../helpers/processes';
import { requireTool } from '../../../helpers/require';
import { useSandbox } from '../../../helpers/sandboxOverSsh';
import { SlowUplink } from '../../../helpers/slowUplink';

const BYTES_PER_SECOND = 250_000;
/** What may pass until nothing of an ended connection is left; the agent is told within 3 s. */
const GONE_MS = 6000;

describe('a connection by the agent over a slow uplink', function () {
  this.timeout(60_000);
  const sandbox = useSandbox({ runtime: 'bubblewrap', backend: 'agent' }, (context) =>
    requireTool(context, 'ssh', 'bwrap', 'pgrep'),
  );

  it('leaves nothing behind when ssh is killed during an upload', async () => {
    const { current } = sandbox;
    const inSandbox = (script: string): Promise<string> => current.server.api.sh(current.sandbox.id, script);
    // The agent is there before.
    await current.ssh('true');
    const uplink = await SlowUplink.start(current.endpoint.baseUrl, BYTES_PER_SECOND);
    await current.serve(true, uplink.url);
    const port = await freePort();
    const forward = ['-R', `127.0.0.1:${port}:127.0.0.1:9`];
    const listens = `grep -ci ':${port.toString(16)} .* 0A ' /proc/net/tcp || true`;
    const upload = current.spawn('ssh', [
      ...forward,
      current.alias,
      'echo begun; exec dd of=/dev/null bs=781',
    ]);
    upload.stdin!.on('error', () => undefined);
    await once(upload.stdout!, 'data');
    assert.equal(Number(await inSandbox(listens)), 1);
    await new Promise((resolve) => upload.stdin!.write(Buffer.alloc(6 * 1024 * 1024), resolve));
    const { pid } = current.states.at(-1)!;

    upload.kill('SIGKILL');

    await eventually(async () => {
      assert.ok(!isRunning(pid), 'the connection process lives on');
      assert.equal(Number(await inSandbox('pgrep -cf "bs=78[1]" || true')), 0, 'the program runs on');
      assert.equal(Number(await inSandbox(listens)), 0, 'the port is still open');
    }, GONE_MS);
    uplink.stop();
  });
});
