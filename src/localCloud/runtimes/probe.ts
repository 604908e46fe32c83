import { describeError } from '../../base/errors';
import { BubblewrapRuntime } from './bubblewrap';
import { RuntimeError } from './errors';
import { ProcessRuntime } from './process';
import type { Runtime, RuntimeName } from './runtime';
import type { RuntimeContext } from './runtimeContext';

/** Finds out by trying whether a runtime works here. Throws a {@link RuntimeError} that says why not. */
type Probe = (context: RuntimeContext) => Promise<Runtime>;

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
  bubblewrap: (context) => BubblewrapRuntime.probe(context),
  process: ({ env, pipes }) => Promise.resolve(new ProcessRuntime(env, pipes)),
};

/** From the best isolation to none. */
const PREFERENCE: readonly RuntimeName[] = ['docker', 'bubblewrap', 'process'];

/** The runtime asked for, or else the best that works on this computer. */
export async function chooseRuntime(
  wanted: RuntimeName | undefined,
  context: RuntimeContext,
): Promise<Runtime> {
  if (wanted) return probes[wanted](context);
  for (const name of PREFERENCE) {
    try {
      return await probes[name](context);
    } catch (error) {
      context.log.info(`The ${name} runtime does not work here: ${describeError(error)}`);
    }
  }
  throw new RuntimeError('unavailable', 'No runtime works on this computer');
}
