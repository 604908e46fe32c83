import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { shellQuote } from '../../../src/base/shell';

describe('shellQuote', () => {
  for (const text of ['', "it's", '$(id) `id` "x" \\', 'two\nlines', '📦', '-n']) {
    it(`keeps ${JSON.stringify(text)}`, () => {
      assert.equal(execFileSync('sh', ['-c', `printf %s ${shellQuote(text)}`], { encoding: 'utf8' }), text);
    });
  }
});
