import assert from 'node:assert/strict';
import { BrokerError } from '../../../src/broker/errors';
import { CloudError } from '../../../src/cloud/errors';
import { endReasonOf } from '../../../src/connection/endReason';
import { BridgeError } from '../../../src/ssh/backend';

describe('endReasonOf', () => {
  const notFound = new CloudError('not-found', 'no such sandbox');
  const cases = [
    { error: new BridgeError('stopped', 'it is stopped'), want: 'stopped' },
    { error: new BridgeError('lost', 'it was deleted', { cause: notFound }), want: 'deleted' },
    { error: new BridgeError('lost', 'it has failed'), want: undefined },
    { error: new BrokerError('signed-out', 'sign in'), want: 'signed-out' },
    { error: new CloudError('unauthenticated', 'wrong token'), want: 'signed-out' },
    { error: new BrokerError('not-running', 'start it'), want: 'not-running' },
    { error: new BrokerError('no-broker', 'no window'), want: undefined },
    { error: new CloudError('unreachable', 'no answer'), want: undefined },
    { error: new Error('anything'), want: undefined },
  ];
  for (const { error, want } of cases) {
    it(`takes “${error.message}” for ${want ?? 'no reason of the user’s'}`, () =>
      assert.equal(endReasonOf(error), want));
  }
});
