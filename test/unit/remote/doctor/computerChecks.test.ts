import assert from 'node:assert/strict';
import type { NetworkSettings } from '../../../../src/cloud/provider';
import { computerChecks, type ComputerFacts } from '../../../../src/remote/doctor/computerChecks';
import type { Finding, Outcome } from '../../../../src/remote/doctor/findings';
import { findingText } from '../../../../src/views/doctorText';

describe('The doctor’s check of the network settings', () => {
  const proxyUrl = 'http://ann:s3cret@proxy:3128';
  const noProxy = ['a.example', '.b.example'];
  const lax = 'certificates are not checked, so anyone on the way can read tokens and work';
  const cases: { network: NetworkSettings; outcome: Outcome; says: string }[] = [
    { network: {}, outcome: 'ok', says: 'No proxy; certificates are checked' },
    {
      network: { proxyUrl, extraCa: ['one', 'two'] },
      outcome: 'ok',
      says: 'By the proxy proxy:3128; certificates are checked, also by authorities of this computer (2)',
    },
    {
      network: { proxyUrl, noProxy },
      outcome: 'ok',
      says: 'By the proxy proxy:3128, except for a.example, .b.example; certificates are checked',
    },
    { network: { strictTls: false }, outcome: 'warning', says: `No proxy; ${lax}` },
    {
      network: { proxyUrl, noProxy, strictTls: false },
      outcome: 'warning',
      says: `By the proxy proxy:3128, except for a.example, .b.example; ${lax}`,
    },
  ];
  for (const { network, outcome, says } of cases) {
    it(`${outcome}: ${says}`, async () => {
      const finding = await findingFor(network);

      assert.equal(finding.outcome, outcome);
      assert.equal(findingText(finding).says, says);
    });
  }

  it('advises to check certificates again', async () => {
    const { advice } = findingText(await findingFor({ strictTls: false }));

    assert.match(advice ?? '', /http\.proxyStrictSSL/);
  });

  it('rejects about a proxy that there cannot be', async () => {
    await assert.rejects(findingFor({ proxyUrl: 'proxy:3128' }), { code: 'invalid' });
  });
});

/** Nothing else is asked of this check. */
async function findingFor(network: NetworkSettings): Promise<Finding> {
  const checks = computerChecks({ network } as ComputerFacts);
  const check = checks.find(({ name }) => name === 'network')!;
  return check.run(new AbortController().signal);
}
