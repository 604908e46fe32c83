import assert from 'node:assert/strict';
import { silentLogger } from '../../../src/base/logger';
import { providerOf, providers } from '../../../src/cloud/registry';

describe('registry', () => {
  it('finds each provider by its kind, which is unique', () => {
    for (const provider of providers) assert.equal(providerOf(provider.kind), provider);
    assert.equal(new Set(providers.map(({ kind }) => kind)).size, providers.length);
  });

  it('says that a kind is not known', () =>
    assert.throws(() => providerOf('nimbus'), { code: 'unsupported' }));

  for (const { kind } of providers) {
    it(`${kind} refuses an endpoint that cannot be one`, () => {
      const endpoint = { provider: kind, baseUrl: 'not a URL' };

      assert.throws(() => providerOf(kind).connect(endpoint, silentLogger), { code: 'invalid' });
    });
  }
});
