import assert from 'node:assert/strict';
import { canServeFiles, escapeForPrintf } from '../../../../../src/ssh/backends/shellFiles/script';

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

describe('escapeForPrintf', () => {
  it('leaves nothing that printf, JSON or a text encoding would change', () => {
    assert.equal(escapeForPrintf("/a b'\\\n\xff%"), '/a\\0040b\\0047\\0134\\0012\\0377\\0045');
  });
});
