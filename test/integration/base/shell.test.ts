import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { escapeForPrintf, shellQuote } from '../../../src/base/shell';

describe('shellQuote', () => {
  for (const text of ['', "it's", '$(id) `id` "x" \\', 'two\nlines', '📦', '-n']) {
    it(`keeps ${JSON.stringify(text)}`, () => {
      assert.equal(execFileSync('sh', ['-c', `printf %s ${shellQuote(text)}`], { encoding: 'utf8' }), text);
    });
  }
});

describe('escapeForPrintf', () => {
  it('leaves nothing that printf, JSON or a text encoding would change', () => {
    assert.equal(escapeForPrintf("/a b'\\\n\xff%"), '/a\\0040b\\0047\\0134\\0012\\0377\\0045');
  });
});
