// `npm test [-- PATH…]`: installs what the tests need, checks the code, runs every test, or those of the paths alone
// without the checks, and ends with one line of counts.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { prepare, root, say } from '../scripts/prepare.mjs';
import { installSystemPackages } from './systemPackages.mjs';

const ALL_TESTS = ['unit', 'conformance', 'integration', 'openhands', 'chaos', 'vscode'].map(
  (suite) => `test/${suite}/**/*.test.ts`,
);
const mocha = path.join(root, 'node_modules', '.bin', 'mocha');

/** Several times what all tests take; a run that hangs ends as a failed one. */
const MAX_RUN_MS = 75 * 60_000;

/** Runs a program here; its exit code. */
function run(program, args, env = {}) {
  const options = {
    cwd: root,
    stdio: 'inherit',
    timeout: MAX_RUN_MS,
    env: { ...process.env, ...env },
    shell: process.platform === 'win32',
  };
  const { status, error } = spawnSync(program, args, options);
  if (error) say(error.message);
  return status ?? 1;
}

/** What takes minutes goes on beside the checks. Resolves when it is there and was loaded once, or cannot be. */
function prepareOpenHandsServer() {
  const installer = spawn(process.execPath, [path.join(root, 'test', 'openhandsServer.mjs')], {
    stdio: 'inherit',
  });
  return once(installer, 'exit');
}

/** The last line, and the end. */
function finish(code, { passes, failures, pending }) {
  process.stdout.write(`${passes} passed, ${failures} failed${pending ? `, ${pending} skipped` : ''}\n`);
  process.exit(code);
}

/** The end where no test ran. */
function fail(reason) {
  say(reason);
  finish(1, { passes: 0, failures: 1, pending: 0 });
}

const paths = process.argv.slice(2);
try {
  installSystemPackages();
  prepare();
} catch (error) {
  fail(error.message);
}
if (!existsSync(mocha)) fail('the development dependencies are missing; run `npm ci` without --omit=dev');
const needsOpenHands = paths.length === 0 || paths.some((name) => /openhands|chaos/.test(name));
const openHandsServer = needsOpenHands ? prepareOpenHandsServer() : undefined;
if (paths.length === 0) {
  say('checking types, style and format …');
  if (run('npm', ['run', '--silent', 'check']) !== 0) fail('the checks failed');
}
await openHandsServer;
const dir = mkdtempSync(path.join(os.tmpdir(), 'sbx-'));
const counts = path.join(dir, 'counts.json');
const options = process.env.CI ? ['--forbid-pending'] : [];
const code = run(mocha, [...options, ...(paths.length > 0 ? paths : ALL_TESTS)], { TEST_COUNTS: counts });
const stats = existsSync(counts) ? JSON.parse(readFileSync(counts, 'utf8')) : undefined;
rmSync(dir, { recursive: true });
if (stats) finish(code, stats);
else fail('mocha ended before it ran the tests');
