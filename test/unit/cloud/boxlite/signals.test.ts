import assert from 'node:assert/strict';
import { exitStatusOf, signalNumber } from '../../../../src/cloud/boxlite/signals';

describe('exitStatusOf', () => {
  const cases = [
    { exitCode: 0, want: { code: 0 } },
    { exitCode: 255, want: { code: 255 } },
    { exitCode: -9, want: { signal: 'KILL' } },
    { exitCode: -15, want: { signal: 'TERM' } },
    { exitCode: -10, want: { signal: 'USR1' } },
    { exitCode: -31, want: { code: 159 } },
    { exitCode: -64, want: { code: 192 } },
  ];
  for (const { exitCode, want } of cases) {
    it(`${exitCode} is ${JSON.stringify(want)}`, () => assert.deepEqual(exitStatusOf(exitCode), want));
  }
});

describe('signalNumber', () => {
  it("is the sandbox's, whatever this computer's are", () => assert.equal(signalNumber('USR1'), 10));
});
