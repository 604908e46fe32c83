import type { Sandbox, SandboxStatus } from '../cloud/provider';

/** Those that run, or are on their way to or from it: what a person works with, and pays for. */
const live = new Set<SandboxStatus>(['running', 'starting', 'creating', 'stopping']);

/** Made once: `localeCompare` makes one for each comparison, which takes seconds for thousands of names. */
const names = new Intl.Collator('en', { numeric: true });

/** The live ones first, then by name as people count. A sandbox keeps its place from its start to its end. */
export function compareSandboxes(a: Sandbox, b: Sandbox): number {
  return (
    Number(live.has(b.status)) - Number(live.has(a.status)) ||
    names.compare(a.name, b.name) ||
    names.compare(a.id, b.id)
  );
}
