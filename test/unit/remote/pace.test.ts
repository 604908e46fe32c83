import assert from 'node:assert/strict';
import { measure, unmeasured, type Pace } from '../../../src/remote/pace';

function after(...measurements: number[]): Pace {
  return measurements.reduce<Pace>(measure, unmeasured);
}

describe('The pace of a connection', () => {
  const cases = [
    { name: 'one slow answer is an accident', measured: [20, 400], slow: false },
    { name: 'two slow answers in a row are not', measured: [20, 400, 500], slow: true },
    { name: 'the same measurement told twice is one', measured: [20, 400, 400], slow: false },
    { name: 'a fast answer in between begins anew', measured: [400, 20, 400], slow: false },
    { name: 'between the limits nothing changes: not slow', measured: [20, 200, 210], slow: false },
    { name: 'between the limits nothing changes: slow', measured: [400, 500, 200, 210], slow: true },
    { name: 'one fast answer does not end it', measured: [400, 500, 20], slow: true },
    { name: 'two fast answers end it', measured: [400, 500, 20, 21], slow: false },
  ];
  for (const { name, measured, slow } of cases) {
    it(`${name} (${measured.join(', ')} ms)`, () => assert.equal(after(...measured).isSlow, slow));
  }

  it('shows a number that does not tremble', () => {
    assert.equal(after(20, 22, 19, 23).shownMs, 20);
    assert.equal(after(20, 60).shownMs, 60);
    assert.equal(after(1, 2).shownMs, 1);
  });

  it('shows nothing before something was measured', () =>
    assert.equal(measure(unmeasured, undefined).shownMs, undefined));
});
