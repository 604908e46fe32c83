import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { mock } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createDeferred } from '../../../src/base/async';
import type { ExitStatus, RemoteProcess } from '../../../src/cloud/provider';
import { hangUp } from '../../../src/ssh/hangUp';

/** A process that ends when it is told in one way, if in any, and notes how it was told. */
function processThatEndsBy(way: 'eof' | 'HUP' | 'KILL' | undefined): {
  process: RemoteProcess;
  told: string[];
} {
  const told: string[] = [];
  const exited = createDeferred<ExitStatus>();
  const tell = (what: string): void => {
    told.push(what);
    if (what === way) exited.resolve({ code: 0 });
  };
  const stdin = new PassThrough();
  stdin.on('finish', () => tell('eof'));
  const process: RemoteProcess = {
    stdin,
    stdout: new PassThrough(),
    stderr: new PassThrough(),
    exited: exited.promise,
    resize: () => undefined,
    signal: (name) => tell(name),
    kill: () => tell('KILL'),
  };
  return { process, told };
}

/** Waits for it, and lets as many half seconds pass as that takes; how many they were. */
async function halfSecondsUntil(done: Promise<void>): Promise<number> {
  let isDone = false as boolean;
  void done.then(() => (isDone = true));
  await nextTurn();
  let count = 0;
  for (; !isDone && count < 20; count++) {
    mock.timers.tick(500);
    await nextTurn();
  }
  return count;
}

describe('hangUp', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
  afterEach(() => mock.timers.reset());

  const cases = [
    { way: 'eof', told: ['eof'], seconds: 0 },
    { way: 'HUP', told: ['eof', 'HUP'], seconds: 1 },
    { way: 'KILL', told: ['eof', 'HUP', 'KILL'], seconds: 2 },
    { way: undefined, told: ['eof', 'HUP', 'KILL'], seconds: 3.5 },
  ] as const;
  for (const { way, told: want, seconds } of cases) {
    it(`takes ${seconds} s for a process that ends by ${way ?? 'nothing'}`, async () => {
      const { process, told } = processThatEndsBy(way);

      assert.equal((await halfSecondsUntil(hangUp(process))) / 2, seconds);
      assert.deepEqual(told, want);
    });
  }

  it('tells a process once, however often it is called', async () => {
    const { process, told } = processThatEndsBy('eof');

    await Promise.all([hangUp(process), hangUp(process)]);
    await hangUp(process);

    assert.deepEqual(told, ['eof']);
  });
});
