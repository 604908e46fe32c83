import assert from 'node:assert/strict';
import type { Sandbox } from '../../../src/cloud/provider';
import { lifecycleActions, refusalText } from '../../../src/views/lifecycleActions';

const running: Sandbox = { id: '1', name: 'web', status: 'running' };
const fixed: Sandbox = { ...running, isFixed: true };

describe('What can be done to a sandbox’s life', () => {
  it('is none of it to one that is just there', () => {
    assert.ok(Object.values(lifecycleActions).every(({ accepts }) => !accepts(fixed)));
  });

  it('is to start what does not run, and to stop what does', () => {
    const { start, stop } = lifecycleActions;
    const stopped: Sandbox = { ...running, status: 'stopped' };

    assert.deepEqual([start.accepts(stopped), start.accepts(running)], [true, false]);
    assert.deepEqual([stop.accepts(stopped), stop.accepts(running)], [false, true]);
  });

  for (const [sandbox, want] of [
    [running, 'There is nothing to do: “web” is running.'],
    [fixed, '“web” is started, stopped and deleted where it runs, not from here.'],
  ] as const) {
    it(`is refused in words: ${want}`, () => assert.equal(refusalText(sandbox), want));
  }
});
