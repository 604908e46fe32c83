import assert from 'node:assert/strict';
import type { TreeNode } from '../../../src/views/treeNodes';
import { mergeNodes, type NodeSpec } from '../../../src/views/treeNodes';

function spec(
  id: string,
  changes: { readonly label?: string; readonly children?: NodeSpec[] } = {},
): NodeSpec {
  const { label = id, children = [] } = changes;
  const row = { label, description: '', tooltip: () => '', icon: { id: 'vm' }, context: 'sandbox' };
  return { id, row, children };
}

function many(count: number, label = (index: number): string => `box ${index}`): NodeSpec[] {
  return Array.from({ length: count }, (_, index) => spec(`id ${index}`, { label: label(index) }));
}

/** One account whose nodes follow the specs. */
class Tree {
  roots: readonly TreeNode[] = [];

  /** The ids of what is drawn again; undefined for all of it. */
  show(...children: NodeSpec[]): string[] | undefined {
    const changed: TreeNode[] = [];
    const roots = mergeNodes(this.roots, [spec('account', { children })], changed);
    const isAll = roots !== this.roots;
    this.roots = roots;
    return isAll ? undefined : changed.map(({ id }) => id);
  }

  get rows(): readonly TreeNode[] {
    return this.roots[0]!.children;
  }
}

describe('The nodes of the tree', () => {
  let tree: Tree;

  beforeEach(() => {
    tree = new Tree();
  });

  it('are all drawn at first', () => {
    assert.equal(tree.show(...many(3)), undefined);
  });

  it('are left alone while nothing looks different', () => {
    tree.show(...many(1_000));

    assert.deepEqual(tree.show(...many(1_000)), []);
  });

  it('are drawn again one by one: of a thousand the one that changed', () => {
    tree.show(...many(1_000));
    const before = tree.rows[500];
    const redrawn = tree.show(...many(1_000, (index) => (index === 500 ? 'renamed' : `box ${index}`)));

    assert.deepEqual(redrawn, ['id 500']);
    assert.equal(tree.rows[500], before);
    assert.equal(before?.row.label, 'renamed');
  });

  it('stay the same objects when others come and go, and their parent is drawn again', () => {
    tree.show(...many(3));
    const [first, , third] = tree.rows;
    const [a, , c] = many(3);

    assert.deepEqual(tree.show(a!, spec('new'), c!), ['account']);
    assert.equal(tree.rows[0], first);
    assert.equal(tree.rows[2], third);
    assert.equal(tree.rows[1]?.id, 'new');
  });

  it('move without being made anew', () => {
    tree.show(...many(3));
    const before = [...tree.rows];

    assert.deepEqual(tree.show(...many(3).reverse()), ['account']);
    assert.deepEqual(tree.rows, before.reverse());
  });

  it('are drawn by their parent if that changes too', () => {
    tree.show(spec('box', { children: [spec('connection')] }));
    const children = [spec('connection', { label: '30 ms' })];

    assert.deepEqual(tree.show(spec('box', { label: 'renamed', children })), ['box']);
    assert.equal(tree.rows[0]?.children[0]?.row.label, '30 ms');
  });

  it('change below others that do not', () => {
    tree.show(spec('box', { children: [spec('connection')] }));

    assert.deepEqual(tree.show(spec('box', { children: [spec('connection', { label: '30 ms' })] })), [
      'connection',
    ]);
  });

  it('can be opened once there is something in them', () => {
    tree.show(spec('box'));
    assert.equal(tree.rows[0]?.expanded, undefined);

    assert.deepEqual(tree.show({ ...spec('box', { children: [spec('connection')] }), expanded: false }), [
      'box',
    ]);
    assert.equal(tree.rows[0]?.expanded, false);
  });
});
