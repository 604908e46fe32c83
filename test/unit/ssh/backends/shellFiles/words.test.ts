import assert from 'node:assert/strict';
import { octal, touchTime } from '../../../../../src/ssh/backends/shellFiles/words';

describe('words of a command', () => {
  const times = [
    { seconds: 0, word: '197001010000.00' },
    { seconds: 1_100_000_000, word: '200411091133.20' },
    { seconds: 0xffffffff, word: '210602070628.15' },
  ];
  for (const { seconds, word } of times) {
    it(`have the time ${seconds} as ${word}`, () => assert.equal(touchTime(seconds), word));
  }

  it('have modes in octal', () => assert.equal(octal(0o755), '0755'));
});
