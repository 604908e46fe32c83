import assert from 'node:assert/strict';
import type { ConnectionState } from '../../../src/broker/protocol';
import { CloudError } from '../../../src/cloud/errors';
import type { Sandbox, SandboxStatus } from '../../../src/cloud/provider';
import { localAccount, type Account } from '../../../src/sandboxes/account';
import type { AccountSandboxes } from '../../../src/sandboxes/sandboxList';
import { createFilter } from '../../../src/views/treeFilter';
import type { TreeNode } from '../../../src/views/treeNodes';
import { mergeNodes, type NodeSpec } from '../../../src/views/treeNodes';
import { countMatches, treeSnapshot, type TreeInput } from '../../../src/views/treeSnapshot';

const other: Account = { ...localAccount, id: 'other', label: 'ada@cloud', baseUrl: 'https://cloud' };

function box(name: string, status: SandboxStatus = 'running', more: Partial<Sandbox> = {}): Sandbox {
  return { id: `id of ${name}`, name, status, ...more };
}

function ready(account: Account, ...sandboxes: Sandbox[]): AccountSandboxes {
  return { account, phase: 'ready', sandboxes };
}

function input(changes: Partial<TreeInput> = {}): TreeInput {
  return {
    accounts: [],
    isPlaceholder: () => false,
    connectionsOf: () => [],
    grouping: 'account',
    known: new WeakMap(),
    windowId: 'ours',
    now: 0,
    ...changes,
  };
}

/** The tree as indented labels. */
function outline(specs: readonly NodeSpec[], indent = ''): string[] {
  return specs.flatMap(({ row, children }) => [indent + row.label, ...outline(children, `${indent}  `)]);
}

function ids(specs: readonly NodeSpec[]): string[] {
  return specs.flatMap(({ id, children }) => [id, ...ids(children)]);
}

function connection(connectionId: string, changes: Partial<ConnectionState> = {}): ConnectionState {
  return { connectionId, alias: 'a', pid: 1, phase: 'connected', since: 0, ...changes };
}

const accounts = [
  ready(localAccount, box('one'), box('two', 'stopped')),
  ready(other, box('one'), box('three', 'starting')),
];

describe('treeSnapshot', () => {
  it('groups by account', () => {
    assert.deepEqual(outline(treeSnapshot(input({ accounts }))), [
      'This computer',
      ...['  one', '  two'],
      'ada@cloud',
      ...['  one', '  three'],
    ]);
  });

  it('groups by status, and names the clouds in the rows', () => {
    const specs = treeSnapshot(input({ accounts, grouping: 'status' }));

    assert.deepEqual(outline(specs), [
      'Running',
      ...['  one', '  one'],
      'Starting or stopping',
      '  three',
      'Stopped',
      '  two',
    ]);
    assert.deepEqual(
      specs[0]?.children.map(({ row }) => row.description),
      ['running · This computer', 'running · ada@cloud'],
    );
  });

  it('names no cloud where there is but one', () => {
    const [running] = treeSnapshot(input({ accounts: [accounts[0]!], grouping: 'status' }));

    assert.equal(running?.children[0]?.row.description, 'running');
  });

  it('says in both groupings which account fails, beside the last good list', () => {
    const error = new CloudError('unreachable', 'no route');
    const failing = [{ ...accounts[0]!, phase: 'failed' as const, error }];

    assert.deepEqual(outline(treeSnapshot(input({ accounts: failing }))), [
      'This computer',
      ...['  Retry', '  one', '  two'],
    ]);
    const [message] = treeSnapshot(input({ accounts: failing, grouping: 'status' }));
    assert.equal(message?.row.description, 'This computer: no route');
  });

  it('shows what the filter leaves', () => {
    const filter = createFilter('one');
    const specs = treeSnapshot(input({ accounts, filter }));

    assert.deepEqual(outline(specs), ['This computer', '  one', 'ada@cloud', '  one']);
    assert.deepEqual(countMatches({ accounts, filter }), { shown: 2, all: 4 });
  });

  it('offers to clear a filter that leaves nothing: an empty tree would welcome a newcomer', () => {
    const specs = treeSnapshot(input({ accounts, grouping: 'status', filter: createFilter('nothing') }));

    assert.equal(specs.length, 1);
    assert.equal(specs[0]?.row.command, 'clearFilter');
  });

  it('shows connections under their sandbox, and under them where they forward to', () => {
    const channels = {
      ...{ terminals: 0, commands: 1, transfers: 0 },
      forwards: [{ target: 'localhost:8080', count: 1 }],
    };
    const specs = treeSnapshot(
      input({
        accounts: [ready(localAccount, box('one'))],
        connectionsOf: () => [connection('1', { phase: 'connecting' }), connection('2', { channels })],
      }),
    );

    assert.deepEqual(outline(specs), [
      'This computer',
      '  one',
      '    Connection',
      '    Editor window',
      '      localhost:8080',
    ]);
    assert.equal(specs[0]?.children[0]?.row.description, 'running, connected');
  });

  it('lets an account be opened and closed even while it shows nothing', () => {
    const [account] = treeSnapshot(
      input({ accounts: [ready(localAccount, box('one'))], filter: () => false }),
    );

    assert.equal(account?.children.length, 0);
    assert.equal(account.expanded, true);
  });

  it('has nothing for a command to act on in the row of a sandbox that is being created', () => {
    const creating = box('new', 'creating');
    const specs = treeSnapshot(
      input({
        accounts: [ready(localAccount, box('one'), creating)],
        isPlaceholder: (sandbox) => sandbox === creating,
      }),
    );

    assert.deepEqual(
      specs[0]?.children.map(({ row, target }) => [row.label, target?.kind]),
      [
        ['one', 'sandbox'],
        ['new', undefined],
      ],
    );
  });

  for (const grouping of ['account', 'status'] as const) {
    it(`gives each row an id of its own, grouped by ${grouping}`, () => {
      const all = ids(treeSnapshot(input({ accounts, grouping, connectionsOf: () => [connection('1')] })));

      assert.equal(new Set(all).size, all.length);
    });
  }

  it('keeps the ids of rows when their sandboxes change', () => {
    const before = ids(treeSnapshot(input({ accounts })));
    const changed = [ready(localAccount, box('one', 'failed'), box('two', 'running')), accounts[1]!];

    assert.deepEqual(ids(treeSnapshot(input({ accounts: changed }))), before);
  });

  it('makes a sandbox anew only when it has changed: of a thousand, the one', () => {
    const boxes = Array.from({ length: 1_000 }, (_, index) => box(`box ${index}`));
    const known: TreeInput['known'] = new WeakMap();
    const nodes = mergeNodes(
      [],
      treeSnapshot(input({ accounts: [ready(localAccount, ...boxes)], known })),
      [],
    );
    boxes[500] = { ...boxes[500]!, status: 'stopping' };
    const changed: TreeNode[] = [];
    const again = treeSnapshot(input({ accounts: [ready(localAccount, ...boxes)], known }));
    mergeNodes(nodes, again, changed);

    assert.deepEqual(
      changed.map(({ row }) => row.label),
      ['box 500'],
    );
  });

  it('counts down the time that a sandbox has left', () => {
    const idle = [ready(localAccount, box('one', 'running', { stopsAt: new Date(600_000) }))];
    const known: TreeInput['known'] = new WeakMap();
    const description = (now: number): string | undefined =>
      treeSnapshot(input({ accounts: idle, known, now }))[0]?.children[0]?.row.description;

    assert.equal(description(0), 'running · stops in 10 min');
    assert.equal(description(300_000), 'running · stops in 5 min');
  });
});
