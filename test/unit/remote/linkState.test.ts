import assert from 'node:assert/strict';
import type { ConnectionState } from '../../../src/broker/protocol';
import type { SandboxStatus } from '../../../src/cloud/provider';
import {
  CALM_MS,
  LOST_AFTER_MS,
  advance,
  deadlineOf,
  initialLink,
  statusOf,
  type LinkStatus,
} from '../../../src/remote/linkState';

/** A window's link, told what happens to it; the clock stands still in between. */
class Story {
  #state = initialLink;
  #now = 1_000_000;

  get status(): LinkStatus {
    return statusOf(this.#state);
  }

  get deadlineIn(): number | undefined {
    const deadline = deadlineOf(this.#state);
    return deadline === undefined ? undefined : deadline - this.#now;
  }

  report(id: string, phase: ConnectionState['phase'], more: Partial<ConnectionState> = {}): this {
    const report = { connectionId: id, alias: 'box', pid: 1, since: 0, phase, ...more };
    this.#state = advance(this.#state, { kind: 'connection', report, at: this.#now });
    return this;
  }

  wait(ms: number): this {
    this.#now += ms;
    this.#state = advance(this.#state, { kind: 'time', at: this.#now });
    return this;
  }

  sandbox(status: SandboxStatus | undefined): this {
    this.#state = advance(this.#state, { kind: 'sandbox', status });
    return this;
  }

  account(isSignedIn: boolean | undefined): this {
    this.#state = advance(this.#state, { kind: 'account', isSignedIn });
    return this;
  }
}

function connected(): Story {
  return new Story().report('1', 'connecting').report('1', 'connected', { roundTripMs: 20 });
}

function interrupted(): Story {
  return connected().report('1', 'closed', { detail: 'the pipe broke' });
}

describe('The link of a sandbox’s window', () => {
  const cases: { name: string; story: () => Story; want: LinkStatus }[] = [
    { name: 'waits for a first connection', story: () => new Story(), want: { kind: 'waiting' } },
    {
      name: 'connects, and says what it waits for',
      story: () => new Story().report('1', 'connecting', { detail: 'Starting sandbox web' }),
      want: { kind: 'connecting', detail: 'Starting sandbox web' },
    },
    {
      name: 'is connected, with its round-trip time',
      story: connected,
      want: { kind: 'connected', roundTripMs: 20 },
    },
    {
      name: 'is still connecting between a first attempt that failed and the next',
      story: () => new Story().report('1', 'connecting').report('1', 'closed', { detail: 'no answer' }),
      want: { kind: 'connecting', detail: 'no answer' },
    },
    {
      name: 'does not show an interruption at once',
      story: () => interrupted().wait(CALM_MS - 1),
      want: { kind: 'connected', roundTripMs: 20 },
    },
    {
      name: 'does not show an interruption that another connection ends',
      story: () => interrupted().report('2', 'connecting').report('2', 'connected').wait(CALM_MS),
      want: { kind: 'connected', roundTripMs: 20 },
    },
    {
      name: 'shows an interruption that lasts, before an attempt too',
      story: () => interrupted().wait(CALM_MS),
      want: { kind: 'reconnecting', attempt: 1, detail: 'the pipe broke' },
    },
    {
      name: 'counts the attempts of a connection that finds its way again by itself',
      story: () =>
        connected()
          .report('1', 'reconnecting', { attempt: 1, detail: 'the carrier ended' })
          .wait(CALM_MS)
          .report('1', 'reconnecting', { attempt: 3, detail: 'no answer' }),
      want: { kind: 'reconnecting', attempt: 3, detail: 'no answer' },
    },
    {
      name: 'does not show a way that is found again soon',
      story: () =>
        connected()
          .report('1', 'reconnecting', { attempt: 1 })
          .wait(CALM_MS - 1)
          .report('1', 'connected', { roundTripMs: 20 })
          .wait(CALM_MS),
      want: { kind: 'connected', roundTripMs: 20 },
    },
    {
      name: 'counts the attempts since the last connection that worked',
      story: () =>
        interrupted()
          .wait(CALM_MS)
          .report('2', 'connecting')
          .report('2', 'closed')
          .wait(5_000)
          .report('3', 'connecting', { detail: 'Waiting for the cloud' }),
      want: { kind: 'reconnecting', attempt: 2, detail: 'Waiting for the cloud' },
    },
    {
      name: 'counts an attempt of which only the end was heard',
      story: () => interrupted().wait(CALM_MS).report('2', 'closed').report('3', 'closed'),
      want: { kind: 'reconnecting', attempt: 2, detail: 'the pipe broke' },
    },
    {
      name: 'counts from one again after it was connected',
      story: () =>
        interrupted()
          .wait(CALM_MS)
          .report('2', 'closed')
          .report('3', 'connected')
          .report('3', 'closed', { detail: 'again' })
          .wait(CALM_MS),
      want: { kind: 'reconnecting', attempt: 1, detail: 'again' },
    },
    {
      name: 'waits for the longest pause between attempts',
      story: () =>
        interrupted()
          .wait(CALM_MS)
          .wait(LOST_AFTER_MS - CALM_MS - 1),
      want: { kind: 'reconnecting', attempt: 1, detail: 'the pipe broke' },
    },
    {
      name: 'is lost when no attempt follows',
      story: () =>
        interrupted()
          .wait(CALM_MS)
          .wait(LOST_AFTER_MS - CALM_MS),
      want: { kind: 'lost', detail: 'the pipe broke' },
    },
    {
      name: 'is not lost while an attempt goes on, however long',
      story: () =>
        interrupted()
          .wait(CALM_MS)
          .report('2', 'connecting')
          .wait(10 * LOST_AFTER_MS),
      want: { kind: 'reconnecting', attempt: 1, detail: 'the pipe broke' },
    },
    {
      name: 'comes back when the person makes it connect after all',
      story: () => interrupted().wait(CALM_MS).wait(LOST_AFTER_MS).report('2', 'connected'),
      want: { kind: 'connected', roundTripMs: undefined },
    },
    {
      name: 'stays connected while one of several connections works',
      story: () =>
        connected().report('2', 'connecting').report('2', 'connected').report('1', 'closed').wait(CALM_MS),
      want: { kind: 'connected', roundTripMs: 20 },
    },
    {
      name: 'names the obstacle that its connection met',
      story: () => interrupted().wait(CALM_MS).report('2', 'closed', { reason: 'stopped' }),
      want: { kind: 'stopped' },
    },
    {
      name: 'keeps the obstacle in view while the editor tries in vain',
      story: () =>
        interrupted().wait(CALM_MS).report('2', 'closed', { reason: 'stopped' }).report('3', 'connecting'),
      want: { kind: 'stopped' },
    },
    {
      name: 'drops the obstacle once the sandbox starts',
      story: () =>
        interrupted().wait(CALM_MS).report('2', 'closed', { reason: 'stopped' }).sandbox('starting'),
      want: { kind: 'reconnecting', attempt: 1, detail: 'the pipe broke' },
    },
    {
      name: 'believes a connection before what the cloud said earlier',
      story: () =>
        connected()
          .sandbox('running')
          .report('1', 'closed', { reason: 'stopped' })
          .wait(CALM_MS)
          .sandbox('running'),
      want: { kind: 'stopped' },
    },
    {
      name: 'knows from the cloud that the sandbox is stopped',
      story: () => interrupted().wait(CALM_MS).sandbox('stopped'),
      want: { kind: 'stopped' },
    },
    {
      name: 'tells what a connection does that starts the sandbox',
      story: () =>
        new Story().sandbox('stopped').report('1', 'connecting', { detail: 'Starting sandbox web' }),
      want: { kind: 'connecting', detail: 'Starting sandbox web' },
    },
    {
      name: 'believes a connection that works before a list that may be old',
      story: () => connected().sandbox('stopped').account(false),
      want: { kind: 'connected', roundTripMs: 20 },
    },
    {
      name: 'is signed out when the account is',
      story: () => interrupted().wait(CALM_MS).sandbox('stopped').account(false),
      want: { kind: 'signed-out' },
    },
    {
      name: 'stays signed out while the cloud does not answer',
      story: () => interrupted().wait(CALM_MS).account(false).account(undefined),
      want: { kind: 'signed-out' },
    },
    {
      name: 'heals when the account signs in again',
      story: () =>
        interrupted()
          .wait(CALM_MS)
          .report('2', 'closed', { reason: 'signed-out' })
          .account(false)
          .account(true),
      want: { kind: 'reconnecting', attempt: 1, detail: 'the pipe broke' },
    },
  ];
  for (const { name, story, want } of cases) {
    it(name, () => assert.deepEqual(clean(story().status), clean(want)));
  }

  it('needs the clock only where time alone changes it', () => {
    assert.equal(new Story().deadlineIn, undefined);
    assert.equal(connected().deadlineIn, undefined);
    assert.equal(interrupted().deadlineIn, CALM_MS);
    assert.equal(interrupted().wait(CALM_MS).deadlineIn, LOST_AFTER_MS - CALM_MS);
    assert.equal(interrupted().wait(CALM_MS).report('2', 'connecting').deadlineIn, undefined);
  });
});

/** Without what is undefined. */
function clean(status: LinkStatus): object {
  return JSON.parse(JSON.stringify(status)) as object;
}
