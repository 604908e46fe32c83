import assert from 'node:assert/strict';
import { CloudError } from '../../../src/cloud/errors';
import type { Sandbox } from '../../../src/cloud/provider';
import { sandboxFacts, type SandboxFacts } from '../../../src/remote/sandboxFacts';
import { localAccount } from '../../../src/sandboxes/account';
import type { AccountSandboxes } from '../../../src/sandboxes/sandboxList';

const sandbox: Sandbox = { id: 'box-1', name: 'web', status: 'running' };

function failed(error: Error, ...sandboxes: Sandbox[]): AccountSandboxes {
  return { account: localAccount, phase: 'failed', error, sandboxes };
}

describe('What is known of a sandbox', () => {
  const cases: { name: string; accounts: readonly AccountSandboxes[]; want: SandboxFacts }[] = [
    {
      name: 'is what its cloud said',
      accounts: [{ account: localAccount, phase: 'ready', sandboxes: [sandbox] }],
      want: { status: 'running', isSignedIn: true },
    },
    {
      name: 'is nothing before the cloud was asked',
      accounts: [{ account: localAccount, phase: 'loading', sandboxes: [] }],
      want: { status: undefined, isSignedIn: undefined },
    },
    {
      name: 'is that a refused token signs out',
      accounts: [failed(new CloudError('unauthenticated', 'expired'), sandbox)],
      want: { status: 'running', isSignedIn: false },
    },
    {
      name: 'is nothing of the token while the cloud does not answer',
      accounts: [failed(new CloudError('unreachable', 'no answer'), sandbox)],
      want: { status: 'running', isSignedIn: undefined },
    },
    {
      name: 'is that an account which was removed is signed out',
      accounts: [],
      want: { status: undefined, isSignedIn: false },
    },
  ];
  for (const { name, accounts, want } of cases) {
    it(name, () => {
      const entry = { accountId: localAccount.id, sandboxId: sandbox.id };
      assert.deepEqual(sandboxFacts(entry, accounts), want);
    });
  }
});
