import assert from 'node:assert/strict';
import { hostedCloud, RunningLimit } from '../../../../src/cloud/openhands/runningLimit';
import type { Sandbox, SandboxPage } from '../../../../src/cloud/provider';

const ownServer = new URL('https://openhands.example');

describe('How many sandboxes of OpenHands may run at once', () => {
  const running = (count: number): Sandbox[] =>
    Array.from({ length: count }, (_, index) => ({
      id: `s${index}`,
      name: `s${index}`,
      status: 'running' as const,
      createdAt: new Date(2026, 0, count - index),
    }));
  const listing = (sandboxes: readonly Sandbox[]): { listPage: () => Promise<SandboxPage> } => ({
    listPage: () => Promise.resolve({ sandboxes }),
  });

  it('is no matter where none runs', async () => {
    const limit = new RunningLimit(ownServer);

    assert.equal(await limit.consequence(listing([]), undefined), undefined);
  });

  it('is unknown at a server of one’s own: the oldest may be paused for a second one', async () => {
    const limit = new RunningLimit(ownServer);
    const sandboxes = running(3);

    assert.deepEqual(await limit.consequence(listing(sandboxes), undefined), {
      running: 3,
      mayPause: sandboxes[2],
    });
  });

  it('is at least what has been seen to run', async () => {
    const limit = new RunningLimit(ownServer);
    limit.noteRunning(running(3));

    assert.equal(await limit.consequence(listing(running(2)), undefined), undefined);
    assert.equal((await limit.consequence(listing(running(3)), undefined))?.running, 3);
  });

  it('is at least OpenHands’ smallest default at its makers’ cloud', async () => {
    const limit = new RunningLimit(new URL(hostedCloud));

    assert.equal(await limit.consequence(listing(running(4)), undefined), undefined);
    assert.equal((await limit.consequence(listing(running(5)), undefined))?.running, 5);
  });

  it('is no matter for a sandbox that runs already', async () => {
    const limit = new RunningLimit(ownServer);

    assert.equal(await limit.consequence(listing(running(3)), 's1'), undefined);
  });

  it('does not count what is paused', async () => {
    const limit = new RunningLimit(ownServer);
    const paused = running(3).map((sandbox) => ({ ...sandbox, status: 'paused' as const }));

    assert.equal(await limit.consequence(listing(paused), 's1'), undefined);
  });
});
