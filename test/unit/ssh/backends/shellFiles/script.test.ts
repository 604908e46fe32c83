import assert from 'node:assert/strict';
import { canServeFiles } from '../../../../../src/ssh/backends/shellFiles/script';

describe('canServeFiles', () => {
  const cases = [
    { tools: ['cat', 'ls', 'dd', 'perl'], can: true },
    { tools: ['ls', 'dd'], can: false },
    { tools: ['cat', 'dd'], can: false },
    { tools: ['cat', 'ls'], can: false },
    { tools: [], can: false },
  ];
  for (const { tools, can } of cases) {
    it(`says ${can ? 'yes' : 'no'} to ${tools.join(', ') || 'nothing'}`, () => {
      assert.equal(canServeFiles(new Set(tools)), can);
    });
  }
});
