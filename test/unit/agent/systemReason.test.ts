import assert from 'node:assert/strict';
import * as os from 'node:os';
import { systemReason } from '../../../src/agent/systemReason';

describe('systemReason', () => {
  const reasons = [
    {
      name: 'a refused connection',
      error: { code: 'ECONNREFUSED', errno: -os.constants.errno.ECONNREFUSED },
      reason: 'Connection refused',
    },
    {
      name: 'a name that does not exist',
      error: { code: 'ENOTFOUND', errno: -3008 },
      reason: 'Name or service not known',
    },
    {
      name: 'a resolver that does not answer',
      error: { code: 'EAI_AGAIN', errno: -3001 },
      reason: 'Temporary failure in name resolution',
    },
    { name: 'what the system did not say', error: {}, reason: 'the message' },
  ];
  for (const { name, error, reason } of reasons) {
    it(`has the usual words for ${name}`, () => {
      assert.equal(systemReason(Object.assign(new Error('the message'), error)), reason);
    });
  }
});
