import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { PassThrough } from 'node:stream';
import { createDeferred } from '../../../src/base/async';
import { Executions, MAX_RUNNING } from '../../../src/localCloud/executions';
import type { Execution } from '../../../src/localCloud/runtimes/runtime';

const MINUTE_MS = 60_000;

describe('Executions', () => {
  let executions: Executions;

  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout'] });
    executions = new Executions(() => undefined);
  });
  afterEach(() => {
    executions.dispose();
    mock.timers.reset();
  });

  it('hangs up on a command that nobody is attached to, ever more firmly', () => {
    const command = fakeCommand();
    executions.add('box', command.execution, { terminal: false });

    mock.timers.tick(5 * MINUTE_MS);
    assert.deepEqual(command.got, [1]);
    mock.timers.tick(MINUTE_MS / 2);
    assert.deepEqual(command.got, [1, 15]);
    mock.timers.tick(MINUTE_MS / 2);
    assert.deepEqual(command.got, [1, 15, 9]);
  });

  it('leaves a command alone while somebody is attached, and counts anew when they leave', () => {
    const command = fakeCommand();
    const execution = executions.add('box', command.execution, { terminal: false });
    mock.timers.tick(4 * MINUTE_MS);
    execution.attach();
    mock.timers.tick(60 * MINUTE_MS);
    execution.detach();
    mock.timers.tick(5 * MINUTE_MS - 1);
    assert.deepEqual(command.got, []);

    mock.timers.tick(1);

    assert.deepEqual(command.got, [1]);
  });

  it('remembers a finished command for five minutes, and then that there was one', async () => {
    const command = fakeCommand();
    const { id } = executions.add('box', command.execution, { terminal: false });
    await command.end(0);

    mock.timers.tick(5 * MINUTE_MS - 1);
    assert.equal(executions.get('box', id).status, 'completed');
    mock.timers.tick(1);
    assert.throws(() => executions.get('box', id), { code: 'session_reaped' });
  });

  const endings = [
    { code: 0, status: 'completed' },
    { code: 137, status: 'completed' },
    { code: -9, status: 'killed' },
  ];
  for (const { code, status } of endings) {
    it(`calls an end with ${code} ${status}`, async () => {
      const command = fakeCommand();
      const execution = executions.add('box', command.execution, { terminal: false });
      await command.end(code);

      assert.equal(execution.status, status);
    });
  }

  it('kills a command at its time limit', async () => {
    const command = fakeCommand();
    const execution = executions.add('box', command.execution, { terminal: false, timeoutMs: 1_000 });
    mock.timers.tick(1_000);
    await command.end(-9);

    assert.deepEqual(command.got, [9]);
    assert.equal(execution.status, 'timed_out');
  });

  it('has room for so many commands of a box, and others after they ended', async () => {
    const commands = Array.from({ length: MAX_RUNNING }, () => fakeCommand());
    for (const { execution } of commands) executions.add('box', execution, { terminal: false });
    assert.throws(() => executions.checkRoom('box'), { code: 'resource_exhausted' });
    executions.checkRoom('another box');

    await commands[0]!.end(0);

    executions.checkRoom('box');
  });

  it('sends no signal to a command that ended', async () => {
    const command = fakeCommand();
    const execution = executions.add('box', command.execution, { terminal: false });
    await command.end(0);

    assert.throws(() => execution.signal(15), { code: 'invalid_state' });
    execution.kill();
    assert.deepEqual(command.got, []);
  });
});

/** A command that notes the signals it gets and ends when told. */
function fakeCommand(): { execution: Execution; got: number[]; end(code: number): Promise<void> } {
  const exited = createDeferred<number>();
  const got: number[] = [];
  return {
    execution: {
      stdin: new PassThrough(),
      stdout: new PassThrough(),
      stderr: new PassThrough(),
      exited: exited.promise,
      resize: () => undefined,
      signal: (number) => void got.push(number),
      kill: () => void got.push(9),
    },
    got,
    end: async (code) => {
      exited.resolve(code);
      await exited.promise;
    },
  };
}
