import assert from 'node:assert/strict';
import { CloudError } from '../../../src/cloud/errors';
import type { Sandbox, SandboxStatus } from '../../../src/cloud/provider';
import { localAccount } from '../../../src/sandboxes/account';
import type { AccountSandboxes } from '../../../src/sandboxes/sandboxList';
import { lifecycleActions } from '../../../src/views/lifecycleActions';
import {
  lookSame,
  sandboxItems,
  type SandboxItem,
  type SandboxItemsOptions,
} from '../../../src/views/pickItems';

describe('The entries of a pick of sandboxes', () => {
  const stop = { choice: lifecycleActions.stop };
  const other = { others: [{ label: 'No sandbox' }] };
  const cases: {
    when: string;
    entries: readonly AccountSandboxes[];
    options?: SandboxItemsOptions;
    want: string[];
  }[] = [
    { when: 'all will do', entries: [ready('running', 'stopped')], want: ['running', 'stopped'] },
    {
      when: 'some will do',
      entries: [ready('running', 'stopped')],
      options: stop,
      want: ['running'],
    },
    {
      when: 'none will do: not what makes another',
      entries: [ready('stopped')],
      options: stop,
      want: ['No sandbox can be stopped now'],
    },
    { when: 'there are none', entries: [ready()], want: ['Create Sandbox'] },
    { when: 'there may be some', entries: [{ ...ready(), phase: 'loading' }], options: stop, want: [] },
    {
      when: 'a cloud does not answer',
      entries: [{ ...ready(), phase: 'failed', error: new CloudError('unreachable', 'no route') }],
      options: stop,
      want: ['Retry', 'No sandbox can be stopped now'],
    },
    { when: 'there is no cloud', entries: [], options: stop, want: ['Start Local Cloud', 'Add Cloud'] },
    {
      when: 'the window is open in one',
      entries: [ready('running', 'stopped')],
      options: { here: { accountId: localAccount.id, sandboxId: 'stopped' } },
      want: ['stopped', 'running'],
    },
    {
      when: 'there is another answer',
      entries: [ready('running')],
      options: other,
      want: ['running', 'No sandbox'],
    },
    { when: 'the other answer is the only one', entries: [ready()], options: other, want: ['No sandbox'] },
  ];
  for (const { when, entries, options = {}, want } of cases) {
    it(`are [${want.join(', ')}] where ${when}`, () => {
      assert.deepEqual(
        labels(sandboxItems({ accounts: entries, isPlaceholder: () => false }, options)),
        want,
      );
    });
  }

  it('leave out a sandbox that is being created', () => {
    const isPlaceholder = ({ status }: Sandbox): boolean => status === 'creating';
    const items = sandboxItems({ accounts: [ready('creating', 'running')], isPlaceholder }, {});

    assert.deepEqual(labels(items), ['running']);
  });

  it('do nothing where they only say that there is none', () => {
    const [item] = sandboxItems({ accounts: [ready('stopped')], isPlaceholder: () => false }, stop);

    assert.deepEqual([item?.ref, item?.run], [undefined, undefined]);
  });

  it('tell which sandbox the window is open in', () => {
    const here = { accountId: localAccount.id, sandboxId: 'running' };
    const items = sandboxItems(
      { accounts: [ready('running', 'stopped')], isPlaceholder: () => false },
      { here },
    );

    assert.deepEqual(
      items.map(({ detail }) => detail?.includes('this window')),
      [true, false],
    );
  });

  const failed: AccountSandboxes = {
    ...ready('running'),
    phase: 'failed',
    error: new CloudError('unreachable', 'no route'),
  };
  const renamed = { ...ready(), sandboxes: [{ id: 'other', name: 'running', status: 'running' } as const] };
  const pairs: { what: string; one: AccountSandboxes; other: AccountSandboxes; same: boolean }[] = [
    { what: 'an answer that says nothing new', one: ready('running'), other: ready('running'), same: true },
    { what: 'a cloud that still does not answer', one: failed, other: { ...failed }, same: true },
    { what: 'a sandbox more', one: ready('running'), other: ready('running', 'stopped'), same: false },
    { what: 'a cloud that does not answer any more', one: ready('running'), other: failed, same: false },
    { what: 'another sandbox of the same name', one: ready('running'), other: renamed, same: false },
  ];
  for (const { what, one, other, same } of pairs) {
    it(`look ${same ? 'the same' : 'different'} after ${what}`, () => {
      const [before, after] = [one, other].map((entry) =>
        sandboxItems({ accounts: [entry], isPlaceholder: () => false }, {}),
      );

      assert.equal(lookSame(before!, after!), same);
    });
  }
});

/** Sandboxes that are called by their states. */
function ready(...statuses: SandboxStatus[]): AccountSandboxes {
  const sandboxes = statuses.map((status): Sandbox => ({ id: status, name: status, status }));
  return { account: localAccount, phase: 'ready', sandboxes };
}

function labels(items: readonly SandboxItem[]): string[] {
  return items.map(({ label }) => label.replace(/^\$\([^)]*\) /, ''));
}
