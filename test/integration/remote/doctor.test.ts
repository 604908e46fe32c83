import assert from 'node:assert/strict';
import { echoBySsh } from '../../../src/remote/doctor/echo';
import type { BackendChoice } from '../../../src/broker/protocol';
import { requireTool } from '../../helpers/require';
import { useSandbox } from '../../helpers/sandboxOverSsh';

describe('A diagnosis of the connection by ssh', () => {
  const notSshd = /^not by the backend sshd: the cloud tells of no SSH server in the sandbox$/;
  const cases: { backend: BackendChoice; says: readonly RegExp[] }[] = [
    { backend: 'auto', says: [notSshd, /^backend agent [0-9a-f]{12}: over execs of the cloud, shell \//] },
    { backend: 'exec', says: [/^by the backend exec, as the settings want it$/, /^backend exec: shell \//] },
  ];
  for (const { backend, says } of cases) {
    describe(`where the backend is to be ${backend}`, () => {
      const sandbox = useSandbox({ runtime: 'process', backend }, (context) => requireTool(context, 'ssh'));

      it('says which one it is, and why', async () => {
        const { configFile, alias } = sandbox.current;
        const command = { program: 'ssh', arguments: ['-F', configFile, alias] };

        const finding = await echoBySsh(command, process.env, AbortSignal.timeout(15_000));

        assert.equal(finding.result, 'echoed');
        const { details = [] } = finding;
        assert.equal(details.length, says.length, details.join('\n'));
        says.forEach((line, index) => assert.match(details[index] ?? '', line));
      });
    });
  }
});
