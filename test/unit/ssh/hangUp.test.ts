import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { createDeferred } from '../../../src/base/async';
import type { ExitStatus, RemoteProcess } from '../../../src/cloud/provider';
import { hangUp } from '../../../src/ssh/hangUp';

/** A process that ends when it is told in one way, and notes how it was told. */
function processThatEndsBy(way: 'eof' | 'HUP' | 'KILL'): { process: RemoteProcess; told: string[] } {
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

describe('hangUp', () => {
  const cases = [
    { way: 'eof', told: ['eof'] },
    { way: 'HUP', told: ['eof', 'HUP'] },
    { way: 'KILL', told: ['eof', 'HUP', 'KILL'] },
  ] as const;
  for (const { way, told: want } of cases) {
    it(`goes as far as ${way} for a process that ends by it`, async () => {
      const { process, told } = processThatEndsBy(way);

      await hangUp(process);

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
