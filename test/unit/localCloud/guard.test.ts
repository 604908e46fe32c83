import assert from 'node:assert/strict';
import { checkAccess } from '../../../src/localCloud/guard';

const token = 't'.repeat(32);

describe('checkAccess', () => {
  let uses: number;
  beforeEach(() => {
    uses = 0;
  });

  const ask = (method: string, url: string, authorization = `Bearer ${token}`): void =>
    checkAccess(
      { method, url, headers: { authorization } },
      {
        token,
        onUse: () => (uses += 1),
        isEnding: () => false,
      },
    );

  const requests = [
    { method: 'GET', url: '/v1/me', isUse: false },
    { method: 'GET', url: '/v1/boxes', isUse: false },
    { method: 'GET', url: '/v1/boxes?pageSize=100&status=running', isUse: false },
    { method: 'POST', url: '/v1/boxes', isUse: true },
    { method: 'GET', url: '/v1/boxes/mine', isUse: true },
    { method: 'POST', url: '/v1/boxes/mine/exec', isUse: true },
  ];
  for (const { method, url, isUse } of requests) {
    it(`${isUse ? 'counts' : 'does not count'} ${method} ${url} as a use`, () => {
      ask(method, url);

      assert.equal(uses, isUse ? 1 : 0);
    });
  }

  it('counts nothing that a stranger asks', () => {
    assert.throws(() => ask('POST', '/v1/boxes', 'Bearer wrong'), { code: 'unauthenticated' });
    assert.equal(uses, 0);
  });
});
