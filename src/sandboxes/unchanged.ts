import type { Sandbox } from '../cloud/provider';

/**
 * The list after a look at the cloud, with each sandbox that did not change as the object that it was, and the old
 * list itself if nothing did: so whoever shows it can tell by identity what is new.
 */
export function keepUnchanged(before: readonly Sandbox[], after: readonly Sandbox[]): readonly Sandbox[] {
  const known = new Map(before.map((sandbox) => [sandbox.id, sandbox]));
  const kept = after.map((sandbox) => {
    const old = known.get(sandbox.id);
    return old && isSame(old, sandbox) ? old : sandbox;
  });
  const isSameList =
    kept.length === before.length && kept.every((sandbox, index) => sandbox === before[index]);
  return isSameList ? before : kept;
}

function isSame(a: Sandbox, b: Sandbox): boolean {
  const names = Object.keys(a) as (keyof Sandbox)[];
  return names.length === Object.keys(b).length && names.every((name) => isSameValue(a[name], b[name]));
}

function isSameValue(a: Sandbox[keyof Sandbox], b: Sandbox[keyof Sandbox]): boolean {
  return a instanceof Date && b instanceof Date ? a.getTime() === b.getTime() : a === b;
}
