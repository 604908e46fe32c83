import { symlinkSync } from 'node:fs';
import * as path from 'node:path';
import { ATTACH_FUNCTION } from '../../src/ssh/backends/agent/attachScript';
import { agentProgram } from './agent';
import { makePath } from './localTransport';
import { isOnPath, skipFor } from './require';

/** Each way in which a carrier is made of an exec. */
export const ATTACHERS = [
  { by: 'perl', programs: { perl: '/usr/bin/perl' } },
  { by: 'Node where there is no perl', programs: {} },
] as const;

export type Attacher = (typeof ATTACHERS)[number];

export function requireAttacher(context: Mocha.Context, { by }: Attacher): void {
  if (by === 'perl' && !isOnPath('perl')) skipFor(context, 'not installed: perl');
}

export interface AttachCommand {
  readonly argv: readonly [string, ...string[]];
  readonly env: NodeJS.ProcessEnv;
}

/** Puts into an agent's folder what its carriers need; gives the command that becomes one. */
export function prepareAttach(dir: string, { programs }: Attacher): AttachCommand {
  symlinkSync(process.execPath, path.join(dir, 'node'));
  symlinkSync(agentProgram, path.join(dir, 'agent.js'));
  return {
    argv: ['sh', '-c', `${ATTACH_FUNCTION}attach "$1"`, 'sh', dir],
    env: { PATH: makePath(path.join(dir, 'bin'), { sh: '/bin/sh', ...programs }) },
  };
}
