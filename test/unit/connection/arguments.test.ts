import assert from 'node:assert/strict';
import { parseConnectionArguments } from '../../../src/connection/arguments';

describe('parseConnectionArguments', () => {
  it('takes the folder and the alias', () => {
    assert.deepEqual(parseConnectionArguments(['--run-dir', '/run/x', 'box.cli.sbx']), {
      runDir: '/run/x',
      alias: 'box.cli.sbx',
    });
  });

  const wrong = [
    { name: 'no alias', argv: ['--run-dir', '/run/x'] },
    { name: 'no folder', argv: ['box.cli.sbx'] },
    { name: 'two aliases', argv: ['--run-dir', '/run/x', 'a', 'b'] },
    { name: 'an unknown option', argv: ['--run-dir', '/run/x', '--no', 'a'] },
  ];
  for (const { name, argv } of wrong) {
    it(`refuses ${name}, and shows how it is called`, () => {
      assert.throws(() => parseConnectionArguments(argv), { code: 'usage', message: /usage: / });
    });
  }
});
