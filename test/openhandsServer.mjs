// OpenHands' own agent-server, for the tests that need one: a virtual environment in a cache folder that outlives the
// checkout. It is 730 MB and takes some two minutes to install, once. Run by itself, this installs and loads it.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { say } from '../scripts/prepare.mjs';

/** Each package at the one version that was tested together, so that nothing has to be resolved. */
const REQUIREMENTS = fileURLToPath(new URL('clouds/openhands/requirements.txt', import.meta.url));
const MAX_INSTALL_MS = 10 * 60_000;
const STAND_IN = "the tests use a stand-in for OpenHands' agent-server";

/** The Python that has OpenHands' agent-server installed, or undefined: see {@link installOpenHandsServer}. */
export function findOpenHandsServer() {
  const python = pythonIn(environmentFolder());
  return existsSync(python) ? python : undefined;
}

/** Installs the agent-server unless it is there. Where that cannot be done it says why; tests do without. */
export function installOpenHandsServer() {
  if (process.platform !== 'linux' || findOpenHandsServer()) return;
  const base = findPython();
  if (!base) return say(`no Python 3.12 or 3.13 with its venv module; ${STAND_IN}`);
  say("installing OpenHands' agent-server, which is done once …");
  const folder = environmentFolder();
  const unfinished = `${folder}.${process.pid}`;
  try {
    mkdirSync(path.dirname(folder), { recursive: true });
    removeUnfinished(folder);
    run(base, '-m', 'venv', unfinished);
    const pip = [
      '-m',
      'pip',
      '--quiet',
      '--no-input',
      '--disable-pip-version-check',
      '--retries=2',
      'install',
    ];
    run(pythonIn(unfinished), ...pip, '--no-deps', '--requirement', REQUIREMENTS);
    moveTo(folder, unfinished);
  } catch (error) {
    say(`${error.message}; ${STAND_IN}`);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

/** What was broken off earlier; the name ends with the process that was at it. */
function removeUnfinished(folder) {
  for (const name of readdirSync(path.dirname(folder))) {
    const [, pid] = /^openhands-\w+\.(\d+)$/.exec(name) ?? [];
    if (pid && !existsSync(`/proc/${pid}`))
      rmSync(path.join(path.dirname(folder), name), { recursive: true });
  }
}

/** All at once, so that a broken-off installation is done again. Somebody else may have been quicker. */
function moveTo(folder, unfinished) {
  try {
    renameSync(unfinished, folder);
  } catch (error) {
    if (!findOpenHandsServer()) throw error;
  }
}

function environmentFolder() {
  const caches = process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache');
  const requirements = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 12);
  return path.join(caches, 'cloud-sandboxes-test', `openhands-${requirements}`);
}

function pythonIn(environment) {
  return path.join(environment, 'bin', 'python');
}

/** A Python that the requirements are for and that can make virtual environments: from PATH, pyenv or uv. */
function findPython() {
  const home = os.homedir();
  const candidates = [
    ...['python3.12', 'python3.13', 'python3'],
    ...versionsIn(path.join(process.env.PYENV_ROOT || path.join(home, '.pyenv'), 'versions')),
    ...versionsIn(path.join(process.env.XDG_DATA_HOME || path.join(home, '.local', 'share'), 'uv', 'python')),
  ];
  const check = 'import sys, venv, ensurepip; sys.exit(sys.version_info[:2] not in ((3, 12), (3, 13)))';
  return candidates.find((python) => spawnSync(python, ['-c', check], { stdio: 'ignore' }).status === 0);
}

function versionsIn(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).map((name) => path.join(folder, name, 'bin', 'python3'));
}

function run(program, ...args) {
  const options = { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8', timeout: MAX_INSTALL_MS };
  const { status, error, stderr } = spawnSync(program, args, options);
  if (error) throw error;
  if (status === 0) return;
  const reason =
    stderr.split('\n').findLast((line) => line.startsWith('ERROR')) ?? stderr.trim().split('\n').at(-1);
  throw new Error(`OpenHands' agent-server cannot be installed (${reason})`);
}

/** Loads it once: its files may have to come from a slow disk, for which no test should wait. */
function warmUp() {
  const python = findOpenHandsServer();
  if (!python) return;
  const env = { ...process.env, LITELLM_LOCAL_MODEL_COST_MAP: 'True', OPENHANDS_SUPPRESS_BANNER: '1' };
  const options = { stdio: 'ignore', env, timeout: MAX_INSTALL_MS };
  spawnSync(python, ['-m', 'openhands.agent_server', '--help'], options);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  installOpenHandsServer();
  warmUp();
}
