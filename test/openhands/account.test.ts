import assert from 'node:assert/strict';
import { listAll } from '../../src/cloud/listAll';
import { connectTo, makeSandbox, STARTS_A_SANDBOX_MS, useOpenHands } from './client';

describe('The sandboxes of an OpenHands account', function () {
  this.timeout(STARTS_A_SANDBOX_MS);

  const lab = useOpenHands({ agentServer: 'standIn', maxRunning: 2 });

  it('are listed page by page, without those whose runtime is gone', async () => {
    for (let index = 0; index < 150; index++) {
      lab.cloud.sandboxes.addRow({ id: `row${index}`, status: index % 2 === 0 ? 'PAUSED' : 'MISSING' });
    }

    const sandboxes = await listAll(lab.client);

    assert.equal(sandboxes.length, 75);
    assert.ok(sandboxes.every(({ status }) => status === 'paused'));
    assert.equal(lab.cloud.requests.calls.filter((call) => call.includes('sandboxes/search')).length, 2);
    lab.cloud.sandboxes.rows.length = 0;
  });

  it('have the titles of the conversations that they were made for', async () => {
    const { id } = lab.cloud.sandboxes.addRow({ status: 'PAUSED' });
    lab.cloud.conversations.push({ id: 'c1', title: 'Fix the build', sandboxId: id });
    // Another client: ours asked for titles just now.
    const client = connectTo(lab.cloud);

    assert.equal((await client.get(id)).name, 'Fix the build');
    client.dispose();
    lab.cloud.sandboxes.rows.length = 0;
  });

  it('pause each other beyond a limit, which is told before it happens', async () => {
    assert.equal(await lab.client.startConsequence!(undefined), undefined);
    const oldest = await makeSandbox(lab.client);
    const first = await lab.client.startConsequence!(undefined);
    assert.deepEqual([first?.running, first?.mayPause.id], [1, oldest.id]);
    const second = await makeSandbox(lab.client);

    const consequence = await lab.client.startConsequence!(undefined);
    assert.deepEqual([consequence?.running, consequence?.mayPause.id], [2, oldest.id]);
    await makeSandbox(lab.client);

    assert.equal((await lab.client.get(oldest.id)).status, 'paused');
    assert.equal((await lab.client.get(second.id)).status, 'running');
  });

  it('are warned of again for one of them that is resumed', async () => {
    const [paused] = (await listAll(lab.client)).filter(({ status }) => status === 'paused');

    assert.equal((await lab.client.startConsequence!(paused!.id))?.running, 2);
  });
});
