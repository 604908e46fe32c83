import type { Sandbox } from '../cloud/provider';
import type { LinkStatus } from '../remote/linkState';
import type { CommandName } from './ids';
import { isStoppable } from './presentation';

/** Something to do about the connection of a sandbox's window; `reconnect` is no command of its own. */
export type ConnectionOffer =
  | Extract<CommandName, 'signIn' | 'openTerminal' | 'copySshCommand' | 'stop' | 'diagnose' | 'showLog'>
  | 'reconnect';

/**
 * What can be done in that state, the most helpful first.
 * @param sandbox as the list knows it; undefined if the person has signed out of its account
 */
export function connectionOffers(
  { kind }: LinkStatus,
  sandbox: Sandbox | undefined,
): readonly ConnectionOffer[] {
  if (kind === 'deleted') return ['diagnose', 'showLog'];
  if (!sandbox) return ['signIn', 'diagnose', 'showLog'];
  return [
    ...(kind === 'signed-out' ? (['signIn'] as const) : []),
    'reconnect',
    'openTerminal',
    'copySshCommand',
    ...(canStop(kind, sandbox) ? (['stop'] as const) : []),
    'diagnose',
    'showLog',
  ];
}

/** A list that nobody looks at may be older than the link's status. */
function canStop(kind: LinkStatus['kind'], sandbox: Sandbox): boolean {
  if (kind === 'not-running') return false;
  if (kind === 'stopped') return sandbox.status === 'paused';
  return isStoppable(sandbox);
}
