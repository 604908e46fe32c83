import { describeError } from '../../base/errors';
import type { Logger } from '../../base/logger';
import { RuntimeError } from './errors';
import { ProcessRuntime } from './process';
import type { Runtime, RuntimeName } from './runtime';

/** Finds out by trying whether a runtime works here. Throws a {@link RuntimeError} that says why not. */
type Probe = (log: Logger, env: NodeJS.ProcessEnv) => Promise<Runtime>;

const probes: Record<RuntimeName, Probe> = {
  docker: () => Promise.reject(new RuntimeError('unavailable', 'not built yet')),
  bubblewrap: () => Promise.reject(new RuntimeError('unavailable', 'not built yet')),
  process: (_log, env) => Promise.resolve(new ProcessRuntime(env)),
};

/** From the best isolation to none. */
const PREFERENCE: readonly RuntimeName[] = ['docker', 'bubblewrap', 'process'];

/** The runtime asked for, or else the best that works on this computer. */
export async function chooseRuntime(
  wanted: RuntimeName | undefined,
  log: Logger,
  env: NodeJS.ProcessEnv,
): Promise<Runtime> {
  if (wanted) return probes[wanted](log, env);
  for (const name of PREFERENCE) {
    try {
      return await probes[name](log, env);
    } catch (error) {
      log.info(`The ${name} runtime does not work here: ${describeError(error)}`);
    }
  }
  throw new RuntimeError('unavailable', 'No runtime works on this computer');
}
