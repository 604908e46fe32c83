// `npm test`: installs what the tests need, checks the code, runs every test, and ends with one line of counts.
// Usage: node test/run.mjs [mocha arguments]
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { prepare, root, say } from '../scripts/prepare.mjs';
import { installSystemPackages } from './systemPackages.mjs';

const bin = (name) => path.join(root, 'node_modules', '.bin', name);

/** Runs a step and ends here if it fails. */
function step(title, command, args) {
  say(title);
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (error) say(error.message);
  if (status === 0) return;
  process.stdout.write('0 passed, 1 failed\n');
  process.exit(status ?? 1);
}

installSystemPackages();
prepare();
if (!existsSync(bin('mocha'))) {
  say('the development dependencies are missing; run `npm ci` without --omit=dev');
  process.exit(1);
}
const mochaArguments = process.argv.slice(2);
if (mochaArguments.length === 0)
  step('checking types, style and format …', 'npm', ['run', '--silent', 'check']);
const { status } = spawnSync(
  bin('mocha'),
  [...(process.env.CI ? ['--forbid-pending'] : []), ...mochaArguments],
  {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  },
);
process.exit(status ?? 1);
