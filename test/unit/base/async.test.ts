import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { mock } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { abortable, abortReason, backoffMs, delay, settlesWithin } from '../../../src/base/async';
import { createDeadline } from '../../../src/base/deadline';

const enough = new Error('enough');
const endless = new Promise<never>(() => undefined);

describe('Waiting', () => {
  let caller: AbortController;
  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout'] });
    caller = new AbortController();
  });
  afterEach(() => {
    mock.timers.reset();
    assert.equal(getEventListeners(caller.signal, 'abort').length, 0, 'a listener was left behind');
  });

  const waits = [
    { name: 'for a time', start: (signal: AbortSignal) => delay(1_000, signal) },
    { name: 'for a promise', start: (signal: AbortSignal) => abortable(endless, signal) },
  ];
  for (const { name, start } of waits) {
    it(`${name} ends with the reason of who gives up`, async () => {
      const waiting = start(caller.signal);

      caller.abort(enough);

      await assert.rejects(waiting, enough);
    });

    it(`${name} does not begin where they gave up before`, async () => {
      caller.abort(enough);

      await assert.rejects(start(caller.signal), enough);
    });
  }

  it('for a time ends when it is over, not before', async () => {
    let isOver = false;
    const waiting = delay(1_000, caller.signal).then(() => (isOver = true));

    mock.timers.tick(999);
    await nextTurn();
    assert.equal(isOver, false);
    mock.timers.tick(1);

    await waiting;
  });

  it('for a promise ends as that does', async () => {
    assert.equal(await abortable(Promise.resolve('done'), caller.signal), 'done');
    await assert.rejects(abortable(Promise.reject(enough), caller.signal), enough);
  });

  for (const { name, promise, want } of [
    { name: 'what succeeds', promise: () => Promise.resolve(), want: true },
    { name: 'what fails', promise: () => Promise.reject(enough), want: true },
    { name: 'what takes too long', promise: () => endless, want: false },
  ]) {
    it(`tells whether ${name} settles in time: ${want}`, async () => {
      const settles = settlesWithin(promise(), 1_000);
      await nextTurn();
      mock.timers.tick(1_000);

      assert.equal(await settles, want);
    });
  }

  describe('with a deadline', () => {
    const late = new Error('too late');

    it('ends when time is up', () => {
      const deadline = createDeadline(1_000, () => late, caller.signal);
      mock.timers.tick(1_000);

      assert.equal(abortReason(deadline.signal), late);
      deadline.dispose();
    });

    it('ends when its caller gives up', () => {
      const deadline = createDeadline(1_000, () => late, caller.signal);
      caller.abort(enough);

      assert.equal(abortReason(deadline.signal), enough);
      deadline.dispose();
    });

    it('does not end once it is disposed of', () => {
      const deadline = createDeadline(1_000, () => late, caller.signal);
      deadline.dispose();

      mock.timers.tick(1_000);
      caller.abort(enough);

      assert.equal(deadline.signal.aborted, false);
    });
  });
});

describe('backoffMs', () => {
  for (const { attempt, random, want } of [
    { attempt: 0, random: 0, want: 0 },
    { attempt: 0, random: 0.5, want: 50 },
    { attempt: 3, random: 0.5, want: 400 },
    { attempt: 4, random: 0.5, want: 500 },
    { attempt: 5_000, random: 0.5, want: 500 },
  ]) {
    it(`is ${want} of 100 ms to 1 s at attempt ${attempt}, by ${random}`, () =>
      assert.equal(
        backoffMs(attempt, 100, 1_000, () => random),
        want,
      ));
  }
});
