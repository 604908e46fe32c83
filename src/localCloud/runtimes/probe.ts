import { describeError } from '../../base/errors';
import type { Logger } from '../../base/logger';
import { BubblewrapRuntime } from './bubblewrap';
import { RuntimeError } from './errors';
import { ProcessRuntime } from './process';
import type { Runtime, RuntimeName } from './runtime';

/** Finds out by trying whether a runtime works here. Throws a {@link RuntimeError} that says why not. */
type Probe = (surroundings: Surroundings) => Promise<Runtime>;

export interface Surroundings {
  readonly log: Logger;
  readonly env: NodeJS.ProcessEnv;
  /** An existing folder for files of the probe itself. */
  readonly scratchDir: string;
}

const probes: Record<RuntimeName, Probe> = {
  docker: async ({ log, env }) => {
    // Its client library is large, and most starts need no more of it than this.
    const { probeDocker } = await import('./docker');
    const runtime = await probeDocker({ log, env });
    if (runtime) return runtime;
    throw new RuntimeError(
      'unavailable',
      'No Docker-compatible engine answers; start Docker or Podman, or set DOCKER_HOST to where it listens',
    );
  },
  bubblewrap: ({ log, env, scratchDir }) => BubblewrapRuntime.probe(log, env, scratchDir),
  process: ({ env }) => Promise.resolve(new ProcessRuntime(env)),
};

/** From the best isolation to none. */
const PREFERENCE: readonly RuntimeName[] = ['docker', 'bubblewrap', 'process'];

/** The runtime asked for, or else the best that works on this computer. */
export async function chooseRuntime(
  wanted: RuntimeName | undefined,
  surroundings: Surroundings,
): Promise<Runtime> {
  if (wanted) return probes[wanted](surroundings);
  for (const name of PREFERENCE) {
    try {
      return await probes[name](surroundings);
    } catch (error) {
      surroundings.log.info(`The ${name} runtime does not work here: ${describeError(error)}`);
    }
  }
  throw new RuntimeError('unavailable', 'No runtime works on this computer');
}
