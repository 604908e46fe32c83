import type { Account } from '../sandboxes/account';
import type { SandboxRef } from '../sandboxes/sandboxList';
import { isSameRow, type MessageRow } from './presentation';

/** What a command called from the tree is about. */
export type CommandTarget =
  | { readonly kind: 'account'; readonly account: Account }
  | { readonly kind: 'sandbox'; readonly ref: SandboxRef };

/** A row of the tree as it should be. */
export interface NodeSpec {
  /** Unique in the tree, and the same as long as it is the same thing in the same place. */
  readonly id: string;
  readonly row: MessageRow;
  readonly target?: CommandTarget;
  readonly children: readonly NodeSpec[];
  /** Whether its children are shown at first; absent if it can have none. */
  readonly expanded?: boolean;
}

/** A row of the tree as the editor holds it: one object as long as the row is there. Menus pass it to commands. */
export class TreeNode {
  #spec: NodeSpec;
  #children: readonly TreeNode[];

  constructor(spec: NodeSpec) {
    this.#spec = spec;
    this.#children = spec.children.map((child) => new TreeNode(child));
  }

  get id(): string {
    return this.#spec.id;
  }

  get row(): MessageRow {
    return this.#spec.row;
  }

  get target(): CommandTarget | undefined {
    return this.#spec.target;
  }

  /** Whether its context value has the word, by which menus know what can be done with it. */
  offers(word: string): boolean {
    return this.row.context.split(' ').includes(word);
  }

  get children(): readonly TreeNode[] {
    return this.#children;
  }

  /** Whether its children are shown at first; undefined if it can have none. */
  get expanded(): boolean | undefined {
    return this.#spec.expanded;
  }

  /** Becomes what the spec says; adds to `changed` what must be drawn again. */
  update(spec: NodeSpec, changed: TreeNode[]): void {
    if (spec === this.#spec) return;
    const below: TreeNode[] = [];
    const children = mergeNodes(this.#children, spec.children, below);
    const isSame =
      isSameRow(spec.row, this.row) && spec.expanded === this.expanded && children === this.#children;
    this.#spec = spec;
    this.#children = children;
    // Drawing a row draws those under it.
    if (!isSame) changed.push(this);
    else for (const node of below) changed.push(node);
  }
}

/**
 * Makes nodes what the specs say, keeping those that stay. Returns the same array if it is still right; adds to
 * `changed` the nodes in it that must be drawn again.
 */
export function mergeNodes(
  nodes: readonly TreeNode[],
  specs: readonly NodeSpec[],
  changed: TreeNode[],
): readonly TreeNode[] {
  const isAligned = nodes.length === specs.length && specs.every(({ id }, index) => nodes[index]?.id === id);
  const byId = isAligned ? undefined : new Map(nodes.map((node) => [node.id, node]));
  const merged = specs.map((spec, index) => {
    const node = byId ? byId.get(spec.id) : nodes[index];
    if (!node) return new TreeNode(spec);
    node.update(spec, changed);
    return node;
  });
  return isAligned ? nodes : merged;
}
