import assert from 'node:assert/strict';
import type { Sandbox, SandboxStatus } from '../../../src/cloud/provider';
import type { LinkStatus } from '../../../src/remote/linkState';
import { connectionOffers, type ConnectionOffer } from '../../../src/views/connectionOffers';

function sandbox(status: SandboxStatus): Sandbox {
  return { id: 'box-1', name: 'web', status };
}

describe('The menu of a sandbox’s window', () => {
  const connected: LinkStatus = { kind: 'connected' };

  it('begins with what helps most', () => {
    const offers: readonly ConnectionOffer[] = connectionOffers(connected, sandbox('running'));
    const expected = ['reconnect', 'openTerminal', 'copySshCommand', 'stop', 'diagnose', 'showLog'];
    assert.deepEqual(offers, expected);
  });

  it('begins with signing in where that is what is missing', () => {
    assert.equal(connectionOffers({ kind: 'signed-out' }, sandbox('running'))[0], 'signIn');
  });

  for (const link of [{ kind: 'signed-out' }, connected] as const) {
    it(`has nothing that needs the account once that is gone: ${link.kind}`, () => {
      assert.deepEqual(connectionOffers(link, undefined), ['signIn', 'diagnose', 'showLog']);
    });
  }

  it('has nothing that needs the sandbox once that is deleted', () => {
    assert.deepEqual(connectionOffers({ kind: 'deleted' }, sandbox('unknown')), ['diagnose', 'showLog']);
  });

  const stops: { name: string; link: LinkStatus; status: SandboxStatus; isOffered: boolean }[] = [
    { name: 'offers to stop what runs', link: connected, status: 'running', isOffered: true },
    { name: 'offers to stop what has no known state', link: connected, status: 'unknown', isOffered: true },
    { name: 'does not stop what stops', link: connected, status: 'stopping', isOffered: false },
    { name: 'does not stop what is stopped', link: { kind: 'stopped' }, status: 'stopped', isOffered: false },
    {
      name: 'believes the connection where the list is older',
      link: { kind: 'stopped' },
      status: 'running',
      isOffered: false,
    },
    { name: 'offers to stop what is paused', link: { kind: 'stopped' }, status: 'paused', isOffered: true },
    {
      name: 'does not stop what ended with the local cloud',
      link: { kind: 'not-running' },
      status: 'unknown',
      isOffered: false,
    },
  ];
  for (const { name, link, status, isOffered } of stops) {
    it(name, () => {
      const offers = connectionOffers(link, sandbox(status));
      assert.equal(offers.includes('stop'), isOffered);
    });
  }
});
