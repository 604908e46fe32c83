import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import * as path from 'node:path';
import { promisify } from 'node:util';
import { useNpmStart } from '../../helpers/npmStart';
import { requireTool } from '../../helpers/require';

const run = promisify(execFile);

describe('a clean checkout', function () {
  // Installs all dependencies.
  this.timeout(180_000);
  before(function () {
    requireTool(this, 'git', 'npm', 'ssh');
  });
  const start = useNpmStart();

  it('needs nothing but npm start', async () => {
    const checkout = path.join(start.current.dir, 'checkout');
    await copySources(checkout);
    // What the npm that runs the tests tells its scripts is about this checkout.
    const env = Object.entries({ ...start.current.env, NODE_OPTIONS: undefined });

    const { stdout, stderr } = await run('npm', ['start', '--silent', '--', 'uname', '-n'], {
      cwd: checkout,
      env: Object.fromEntries(env.filter(([name]) => !name.startsWith('npm_'))),
    });

    assert.match(stdout, /^[a-z0-9-]+\n$/);
    assert.match(stderr, /installing dependencies[^]*building[^]*creating a sandbox/);
  });
});

/** As a clone would, with what is not committed yet. */
async function copySources(target: string): Promise<void> {
  // Whoever runs the tests trusts the checkout, also one that belongs to somebody else.
  const trust = ['-c', 'safe.directory=*'];
  const { stdout } = await run('git', [...trust, 'ls-files', '-z', '-co', '--exclude-standard']);
  for (const file of new Set(stdout.split('\0'))) {
    if (file !== '' && existsSync(file)) await cp(file, path.join(target, file));
  }
}
