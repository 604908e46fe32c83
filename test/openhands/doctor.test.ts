import assert from 'node:assert/strict';
import type { Sandbox } from '../../src/cloud/provider';
import { echoBySsh } from '../../src/remote/doctor/echo';
import { examine, type Check } from '../../src/remote/doctor/examination';
import { sandboxChecks, type SandboxFacts } from '../../src/remote/doctor/sandboxChecks';
import { requireTool } from '../helpers/require';
import { endpointOf, makeSandbox, STARTS_A_SANDBOX_MS, useOpenHands } from './client';
import { CloudHost } from './host';

describe('A diagnosis of an OpenHands sandbox', function () {
  this.timeout(STARTS_A_SANDBOX_MS);

  const lab = useOpenHands({ agentServer: 'standIn' });

  let sandbox: Sandbox;
  before(async () => {
    sandbox = await makeSandbox(lab.client);
  });

  it('looks at what our agent is put there and reached by', async () => {
    const facts = { ref: { sandbox }, client: () => Promise.resolve(lab.client) } as unknown as SandboxFacts;
    const ofCloud = (check: Check): boolean => ['state', 'webSocket', 'exec'].includes(check.name);
    const checks = sandboxChecks(facts).filter(ofCloud);

    const [section] = await examine([{ subject: 'sandbox', checks }], {
      signal: new AbortController().signal,
    });

    assert.deepEqual(
      section?.findings.map(({ finding }) => [finding.outcome, finding.result]),
      [
        ['ok', 'running'],
        ['ok', 'publicPorts'],
        ['ok', 'scriptWorks'],
      ],
    );
  });

  it('hears from the agent, by a public port', async function () {
    requireTool(this, 'ssh');
    const host = await CloudHost.open({ endpoint: endpointOf(lab.cloud), sandbox });
    const command = { program: 'ssh', arguments: ['-F', host.configFile, host.alias] };

    const { result, details } = await echoBySsh(command, process.env, AbortSignal.timeout(30_000));
    await host.close();

    assert.equal(result, 'echoed');
    assert.match(String(details), /backend agent \w+: over WebSockets to a public port/);
  });
});
