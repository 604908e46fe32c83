import assert from 'node:assert/strict';
import { parseStartArguments } from '../../../src/start/arguments';

describe('parseStartArguments', () => {
  const cases = [
    { name: 'nothing: a shell', argv: [], want: undefined },
    { name: 'one word: a line for the shell', argv: ['echo $HOME; exit 3'], want: 'echo $HOME; exit 3' },
    {
      name: 'several words: exactly these',
      argv: ['echo', '$HOME', "it's", ''],
      want: `'echo' '$HOME' 'it'\\''s' ''`,
    },
    { name: 'the separator that npm takes away', argv: ['--', 'uname'], want: 'uname' },
    { name: '--help of a command', argv: ['--', '--help'], want: '--help' },
  ];
  for (const { name, argv, want } of cases) {
    it(name, () => assert.deepEqual(parseStartArguments(argv), { help: false, command: want }));
  }

  for (const option of ['--help', '-h']) {
    it(`${option} asks for help`, () => assert.equal(parseStartArguments([option]).help, true));
  }
});
