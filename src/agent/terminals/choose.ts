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
/** Of Homebrew and python.org. */
const PYTHONS_OF_BARE_MAC = ['/opt/homebrew/bin/python3', '/usr/local/bin/python3'];

/**
 * Finds the best way to make terminals: Python's before script(1)'s, since that one cannot tell a signal from an exit
 * code. Never rejects.
 */
export async function chooseTerminals(
  env: NodeJS.ProcessEnv,
  log: Logger,
  pythons?: readonly string[],
): Promise<TerminalMaker> {
  for (const python of pythons ?? (await findPythons(env))) {
    const interpreter = await tryPython(python, env, log);
    if (interpreter !== undefined) return pythonTerminals(interpreter);
  }
  return (await canUseScript(env, log)) ? scriptTerminals : noTerminals;
}

/**
 * What may be an interpreter and can be tried. A Mac's own is a stand-in, which asks in a window to install the
 * developer tools as soon as it is run without them; xcode-select(1) tells and asks nothing.
 */
export async function findPythons(
  env: NodeJS.ProcessEnv,
  platform = process.platform,
): Promise<readonly string[]> {
  if (platform !== 'darwin') return PYTHONS;
  return run('xcode-select', ['-p'], { env, timeout: TRIAL_MS }).then(
    () => PYTHONS,
    () => PYTHONS_OF_BARE_MAC,
  );
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
