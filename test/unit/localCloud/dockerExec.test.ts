import { strict as assert } from 'node:assert';
import type Docker from 'dockerode';
import { exitCodeOf, resizeExec } from '../../../src/localCloud/runtimes/dockerExec';

describe('resizeExec', () => {
  it('takes the 201 of Podman for success', () => resizeExec(answering(httpError(201)), 80, 24));

  it('passes other refusals on', async () => {
    await assert.rejects(resizeExec(answering(httpError(409)), 80, 24), { statusCode: 409 });
  });
});

describe('exitCodeOf', () => {
  it('asks again while the engine does not know the code', async () => {
    const exec = answering({ Running: true, ExitCode: null }, { Running: false, ExitCode: 7 });

    assert.equal(await exitCodeOf(exec), 7);
  });

  it('knows no code of a command that went with its container', async () => {
    assert.equal(await exitCodeOf(answering(httpError(404))), undefined);
  });

  it('rejects when the engine is gone', async () => {
    await assert.rejects(exitCodeOf(answering(new Error('connect ENOENT'))), { code: 'failed' });
  });
});

function httpError(statusCode: number): Error {
  return Object.assign(new Error(`(HTTP code ${statusCode}) unexpected - `), { statusCode });
}

/** An exec whose calls are answered by these in turn; an error is thrown. */
function answering(...answers: readonly object[]): Docker.Exec {
  const rest = [...answers];
  const answer = (): Promise<object> => {
    const next = rest.shift() ?? assert.fail('asked too often');
    return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
  };
  return { inspect: answer, resize: answer } as unknown as Docker.Exec;
}
