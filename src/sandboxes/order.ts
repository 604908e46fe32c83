import type { Sandbox, SandboxStatus } from '../cloud/provider';

/** What a person works with and pays for; what may need them; the rest. */
const ranks: Readonly<Record<SandboxStatus, number>> = {
  running: 0,
  starting: 0,
  creating: 0,
  stopping: 0,
  failed: 1,
  unknown: 1,
  paused: 1,
  stopped: 2,
};

/** Made once: `localeCompare` makes one for each comparison, which takes seconds for thousands of names. */
const names = new Intl.Collator('en', { numeric: true });

/** Those that run, or are on their way to or from it, first; then by name as people count. */
export function compareSandboxes(a: Sandbox, b: Sandbox): number {
  return ranks[a.status] - ranks[b.status] || names.compare(a.name, b.name) || names.compare(a.id, b.id);
}
