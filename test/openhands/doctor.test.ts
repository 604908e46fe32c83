import assert from 'node:assert/strict';
import { examine, type Check } from '../../src/remote/doctor/examination';
import { sandboxChecks, type SandboxFacts } from '../../src/remote/doctor/sandboxChecks';
import { makeSandbox, STARTS_A_SANDBOX_MS, useOpenHands } from './client';

describe('A diagnosis of an OpenHands sandbox', function () {
  this.timeout(STARTS_A_SANDBOX_MS);

  const lab = useOpenHands({ agentServer: 'standIn' });

  it('looks at what our agent is put there and reached by', async () => {
    const sandbox = await makeSandbox(lab.client);
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
});
