// Makes a clean checkout ready: dependencies and bundles. Needs nothing but Node itself.
// Whatever is said goes to stderr: stdout belongs to whoever called.
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const MIN_NODE_MAJOR = 20;
export const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

export function say(text) {
  process.stderr.write(`cloud-sandboxes: ${text}\n`);
}

/** Installs the dependencies and builds the bundles, each only if it is out of date. Throws an Error for people. */
export function prepare() {
  if (Number(process.versions.node.split('.')[0]) < MIN_NODE_MAJOR) {
    throw new Error(`Node ${process.versions.node} is too old; install Node ${MIN_NODE_MAJOR} or newer`);
  }
  installDependencies();
  build();
}

function installDependencies() {
  // npm writes this file when it has finished, so a broken-off install is done again.
  const installed = modifiedAt(inRoot('node_modules', '.package-lock.json'));
  if (installed >= modifiedAt(inRoot('package-lock.json'))) return;
  say('installing dependencies …');
  // npm tells its scripts where it is; a script that was started by hand finds it on PATH.
  const npm = process.env.npm_execpath;
  const [command, ...args] = npm?.endsWith('.js') ? [process.execPath, npm] : ['npm'];
  run(
    'Installing dependencies',
    command,
    [...args, 'ci', '--loglevel=error'],
    'Is the npm registry reachable?',
  );
}

function build() {
  const bundles = ['extension', 'connection', 'connectionProgram', 'agent', 'localCloud', 'start'].map(
    (name) => inRoot('dist', `${name}.js`),
  );
  const inputs = ['src', 'esbuild.mjs', 'package.json', 'package-lock.json'].map((name) =>
    newestAt(inRoot(name)),
  );
  if (Math.min(...bundles.map(modifiedAt)) >= Math.max(...inputs)) return;
  say('building …');
  run('The build', process.execPath, [inRoot('esbuild.mjs')], 'The lines above say where.');
}

function run(what, command, args, hint) {
  // npm is a script on Windows, which only a shell can run.
  const shell = process.platform === 'win32' && command === 'npm';
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], shell });
  if (status !== 0) throw new Error(`${what} failed${error ? ` (${error.message})` : ''}. ${hint}`);
}

function inRoot(...parts) {
  return path.join(root, ...parts);
}

/** Modification time in milliseconds; 0 for what is not there. */
function modifiedAt(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** The latest modification of a file, or of a folder and anything below it. */
function newestAt(place) {
  const below = statSync(place).isDirectory()
    ? readdirSync(place).map((name) => newestAt(path.join(place, name)))
    : [];
  return Math.max(modifiedAt(place), ...below);
}
