// `npm start`: makes a clean checkout ready (dependencies, bundles) and hands over to the bundled program.
// Needs nothing but Node itself. Whatever it says goes to stderr: stdout belongs to the command in the sandbox.
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const MIN_NODE_MAJOR = 20;
const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const inRoot = (...parts) => path.join(root, ...parts);

function say(text) {
  process.stderr.write(`cloud-sandboxes: ${text}\n`);
}

function fail(text) {
  say(text);
  process.exit(1);
}

/** Modification time in milliseconds; 0 for what is not there. */
function modifiedAt(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** The latest modification of any file below a folder. */
function newestBelow(folder) {
  return Math.max(
    ...readdirSync(folder, { withFileTypes: true }).map((entry) => {
      const child = path.join(folder, entry.name);
      return entry.isDirectory() ? newestBelow(child) : modifiedAt(child);
    }),
    modifiedAt(folder),
  );
}

function run(what, command, args, hint) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) fail(`${what} failed${error ? ` (${error.message})` : ''}. ${hint}`);
}

function installDependencies() {
  // npm writes this file when it has finished, so a broken-off install is done again.
  if (modifiedAt(inRoot('node_modules', '.package-lock.json')) >= modifiedAt(inRoot('package-lock.json'))) return;
  say('installing dependencies …');
  // npm tells its scripts where it is; `node scripts/start.mjs` finds it on PATH.
  const npm = process.env.npm_execpath;
  const [command, ...args] = npm?.endsWith('.js') ? [process.execPath, npm] : ['npm'];
  run('Installing dependencies', command, [...args, 'ci', '--loglevel=error'], 'Is the npm registry reachable? Try `npm ci`.');
}

function build() {
  const built = modifiedAt(inRoot('dist', 'start.js'));
  const inputs = [newestBelow(inRoot('src')), ...['esbuild.mjs', 'package.json'].map((file) => modifiedAt(inRoot(file)))];
  if (built >= Math.max(...inputs)) return;
  say('building …');
  run('The build', process.execPath, [inRoot('esbuild.mjs')], 'The lines above say where.');
}

if (Number(process.versions.node.split('.')[0]) < MIN_NODE_MAJOR) {
  fail(`Node ${process.versions.node} is too old; install Node ${MIN_NODE_MAJOR} or newer`);
}
installDependencies();
build();
createRequire(import.meta.url)('../dist/start.js');
