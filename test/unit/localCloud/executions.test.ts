import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { PassThrough } from 'node:stream';
import { createDeferred } from '../../../src/base/async';
import { Executions, MAX_RUNNING, type ExecutionOptions } from '../../../src/localCloud/executions';
import type { BoxProcess } from '../../../src/localCloud/runtimes/runtime';

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

  const start = (command: FakeCommand, options: Partial<ExecutionOptions> = {}, box = 'box') =>
    executions.start(box, { terminal: false, ...options }, () => Promise.resolve(command.process));

  it('hangs up on a command that nobody is attached to, ever more firmly', async () => {
    const command = fakeCommand();
    await start(command);

    mock.timers.tick(5 * MINUTE_MS);
    assert.deepEqual(command.got, [1]);
    mock.timers.tick(MINUTE_MS / 2 - 1);
    assert.deepEqual(command.got, [1]);
    mock.timers.tick(1);
    assert.deepEqual(command.got, [1, 15]);
    mock.timers.tick(MINUTE_MS / 2 - 1);
    assert.deepEqual(command.got, [1, 15]);
    mock.timers.tick(1);
    assert.deepEqual(command.got, [1, 15, 9]);
  });

  it('leaves a command alone while somebody is attached, and counts anew when they leave', async () => {
    const command = fakeCommand();
    const execution = await start(command);
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
    const { id } = await start(command);
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
      const execution = await start(command);
      await command.end(code);

      assert.equal(execution.status, status);
    });
  }

  it('kills a command at its time limit', async () => {
    const command = fakeCommand();
    const execution = await start(command, { timeoutMs: 1_000 });
    mock.timers.tick(1_000);
    await command.end(-9);

    assert.deepEqual(command.got, [9]);
    assert.equal(execution.status, 'timed_out');
  });

  it('has room for so many commands of a box, and others after they ended', async () => {
    const commands = Array.from({ length: MAX_RUNNING }, () => fakeCommand());
    await Promise.all(commands.map((command) => start(command)));
    await assert.rejects(start(fakeCommand()), { code: 'resource_exhausted' });
    await start(fakeCommand(), {}, 'another box');

    await commands[0]!.end(0);

    await start(fakeCommand());
  });

  it('counts the commands that are being started', async () => {
    const launched = createDeferred<BoxProcess>();
    const launch = (): Promise<BoxProcess> => launched.promise;
    const starts = Array.from({ length: MAX_RUNNING }, () =>
      executions.start('box', { terminal: false }, launch),
    );
    await assert.rejects(start(fakeCommand()), { code: 'resource_exhausted' });

    launched.reject(new Error('no such program'));

    const outcomes = await Promise.allSettled(starts);
    assert.ok(outcomes.every(({ status }) => status === 'rejected'));
    assert.equal(executions.running('box'), 0);
    await start(fakeCommand());
  });

  it('sends no signal to a command that ended', async () => {
    const command = fakeCommand();
    const execution = await start(command);
    await command.end(0);

    assert.throws(() => execution.signal(15), { code: 'invalid_state' });
    execution.kill();
    assert.deepEqual(command.got, []);
  });
});

interface FakeCommand {
  readonly process: BoxProcess;
  /** Numbers of the signals it got. */
  readonly got: number[];
  end(code: number): Promise<void>;
}

/** A command that notes the signals it gets and ends when told. */
function fakeCommand(): FakeCommand {
  const exited = createDeferred<number>();
  const got: number[] = [];
  return {
    process: {
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
