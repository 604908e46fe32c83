import { execFile } from 'node:child_process';
import * as path from 'node:path';
import { promisify } from 'node:util';
import { describeError } from '../../base/errors';
import type { Logger } from '../../base/logger';
import { noTerminals } from './none';
import { pythonTerminals, pythonTrial } from './python';
import { SCRIPT_TRIAL_CODE, scriptTerminals, scriptTrial } from './script';
import type { TerminalMaker } from './terminal';

const run = promisify(execFile);
const TRIAL_MS = 5_000;
/** The one of PATH may be of a virtual environment that is broken, or absent where the system's is there. */
const PYTHONS = ['/usr/bin/python3', 'python3', '/usr/local/bin/python3'];

/**
 * Finds the best way to make terminals: Python's before script(1)'s, since that one cannot tell a signal from an exit
 * code. Never rejects.
 */
export async function chooseTerminals(
  env: NodeJS.ProcessEnv,
  log: Logger,
  pythons: readonly string[] = PYTHONS,
): Promise<TerminalMaker> {
  for (const python of pythons) {
    const interpreter = await tryPython(python, env, log);
    if (interpreter !== undefined) return pythonTerminals(interpreter);
  }
  return (await canUseScript(env, log)) ? scriptTerminals : noTerminals;
}

/** The interpreter's own path. */
async function tryPython(python: string, env: NodeJS.ProcessEnv, log: Logger): Promise<string | undefined> {
  try {
    const { stdout } = await run(python, [...pythonTrial], { env, timeout: TRIAL_MS });
    const interpreter = stdout.trim();
    return path.isAbsolute(interpreter) ? interpreter : undefined;
  } catch (error) {
    log.info(`no terminals by ${python}: ${describeError(error)}`);
    return undefined;
  }
}

async function canUseScript(env: NodeJS.ProcessEnv, log: Logger): Promise<boolean> {
  try {
    const trial = run('script', [...scriptTrial], { env: { ...env, SHELL: '/bin/sh' }, timeout: TRIAL_MS });
    trial.child.stdin?.end();
    await trial;
  } catch (error) {
    if ((error as { code?: unknown }).code === SCRIPT_TRIAL_CODE) return true;
    log.info(`no terminals by script: ${describeError(error)}`);
  }
  return false;
}
