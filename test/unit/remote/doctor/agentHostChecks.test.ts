import assert from 'node:assert/strict';
import type { AgentHost, ScriptResult } from '../../../../src/cloud/provider';
import { findPublicPorts, runScript } from '../../../../src/remote/doctor/agentHostChecks';

const never = new AbortController().signal;

/** A cloud that gives a script's result, and lets anyone in at these ports. */
function createHost(result: Partial<ScriptResult>, ports: readonly number[] = []): AgentHost {
  const dial = (): Promise<never> => Promise.reject(new Error('not to be dialled'));
  return {
    run: () => Promise.resolve({ code: 0, stdout: '', stderr: '', ...result }),
    upload: () => Promise.reject(new Error('nothing to be uploaded')),
    publicPorts: () => Promise.resolve(ports.map((port) => ({ port, dial }))),
  };
}

describe('the doctor, where a cloud has no streams to a program', () => {
  it('tells of the public ports', async () => {
    const finding = await findPublicPorts(createHost({}, [12_001, 12_000]), never);

    assert.deepEqual(finding, {
      outcome: 'ok',
      result: 'publicPorts',
      values: { ports: '12001, 12000' },
    });
  });

  it('finds fault with a sandbox that has none', async () => {
    const { outcome, result } = await findPublicPorts(createHost({}), never);

    assert.deepEqual([outcome, result], ['failed', 'noPublicPort']);
  });

  it('runs a script', async () => {
    const { outcome, result } = await runScript(createHost({ stdout: 'cloud-sandboxes\n' }), never);

    assert.deepEqual([outcome, result], ['ok', 'scriptWorks']);
  });

  const failures: { name: string; result: Partial<ScriptResult>; said: string }[] = [
    {
      name: 'complains',
      result: { code: 127, stderr: 'cat: not\x1b[31m found\n' },
      said: 'cat: not [31m found',
    },
    { name: 'says nothing', result: { code: 1 }, said: 'code 1' },
    { name: 'says something else', result: { stdout: 'Welcome' }, said: 'Welcome' },
  ];
  for (const { name, result, said } of failures) {
    it(`shows what a script says that ${name}`, async () => {
      const finding = await runScript(createHost(result), never);

      assert.deepEqual(finding, { outcome: 'failed', result: 'execFails', values: { said } });
    });
  }
});
