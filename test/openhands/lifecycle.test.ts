import assert from 'node:assert/strict';
import { listAll } from '../../src/cloud/listAll';
import { SPECS } from '../clouds/openhands/sandboxes';
import { eventually } from '../helpers/eventually';
import { connectTo, STARTS_A_SANDBOX_MS, useOpenHands } from './client';

describe('Life of an OpenHands sandbox', function () {
  this.timeout(STARTS_A_SANDBOX_MS);

  const lab = useOpenHands();
  let id: string;

  it('can be made of what the cloud offers, its first kind unless told', async () => {
    assert.deepEqual(await lab.client.createFields(), [
      { kind: 'choice', key: 'image', default: SPECS[0], choices: SPECS },
    ]);
  });

  it('begins with the kind that was chosen', async () => {
    const sandbox = await lab.client.create({ image: SPECS[1] });
    id = sandbox.id;

    assert.deepEqual([sandbox.status, sandbox.image], ['starting', SPECS[1]]);
    assert.equal(lab.cloud.sandbox(id).specId, SPECS[1]);
  });

  it('is started once its server answers, without a resume that would pause others', async () => {
    const sandbox = await lab.client.start(id);

    assert.equal(sandbox.status, 'running');
    assert.equal(lab.cloud.requests.calls.filter((call) => call.includes('/resume')).length, 0);
    const { code, stdout } = await lab.client.transport(id).agentHost!.run('echo here');
    assert.deepEqual({ code, stdout }, { code: 0, stdout: 'here\n' });
  });

  it('is listed by its id, since it has no name of its own', async () => {
    assert.deepEqual(
      (await listAll(lab.client)).map(({ name }) => name),
      [id],
    );
  });

  it('is paused, and stays so while it is looked at', async () => {
    const sandbox = await lab.client.stop(id);
    await listAll(lab.client);

    assert.equal(sandbox.status, 'paused');
    assert.equal(lab.cloud.sandbox(id).status, 'PAUSED');
  });

  it('does not answer while it is paused', async () => {
    await assert.rejects(lab.client.transport(id).agentHost!.run('true'), { code: 'conflict' });
  });

  it('is resumed with a new key, and what was in /workspace', async () => {
    assert.equal((await lab.client.start(id)).status, 'running');

    await eventually(async () => {
      const { stdout } = await lab.client.transport(id).agentHost!.run('ls /workspace');
      assert.match(stdout, /project/);
    });
  });

  it('goes on with the new key when somebody else has paused and resumed it', async () => {
    const transport = lab.client.transport(id);
    await lab.cloud.sandboxes.pause(id);
    await lab.cloud.sandboxes.resume(id);
    await makeReachable(id);

    assert.equal((await transport.agentHost!.run('echo again')).stdout, 'again\n');
  });

  it('is deleted, on either kind of server', async () => {
    await lab.client.delete(id);

    assert.deepEqual(await listAll(lab.client), []);
    await assert.rejects(lab.client.get(id), { code: 'not-found' });
  });

  it('is gone when its runtime is', async () => {
    const row = lab.cloud.sandboxes.addRow();

    assert.deepEqual(await listAll(lab.client), []);
    await assert.rejects(lab.client.get(row.id), { code: 'not-found' });
    await assert.rejects(lab.client.start(row.id), { code: 'not-found' });
  });

  it('never shows one server the key of the other', () => {
    const { requests, apiKey } = lab.cloud;

    for (const { headers } of requests.to('AGENT_SERVER')) {
      assert.equal(JSON.stringify(headers).includes(apiKey), false);
    }
    for (const { headers } of requests.to('app')) {
      assert.equal(headers['authorization'], `Bearer ${apiKey}`);
      assert.equal(headers['x-session-api-key'], apiKey);
    }
  });

  /** By another client, so that ours still has the key of before. */
  async function makeReachable(sandboxId: string): Promise<void> {
    const other = connectTo(lab.cloud);
    await other.start(sandboxId).finally(() => other.dispose());
  }
});
