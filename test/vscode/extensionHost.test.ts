import assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import Mocha from 'mocha';
import { skipFor } from '../helpers/require';
import { sharedPackage } from './host/extension';
import { runExtensionTests } from './host/extensionTests';
import { hostObstacle, hostReleases, installTimeoutMs, type HostRelease } from './host/install';
import { endLocalCloud } from './host/localCloud';
import type { TestResult } from './inside';

/** A desktop's VS Code is downloaded where our host cannot be had, and wherever one is asked for. */
const desktop = process.env['TEST_DESKTOP_VSCODE'] === '1' || process.platform !== 'linux';

for (const release of Object.keys(hostReleases) as HostRelease[]) {
  describe(`In the extension host of VS Code ${hostReleases[release].vscode}`, function () {
    let dir: string;

    before(async function () {
      const obstacle = desktop ? undefined : hostObstacle();
      if (obstacle !== undefined) skipFor(this, obstacle);
      dir = await fs.mkdtemp(path.join(os.tmpdir(), 'sbxeh-'));
    });

    after(async () => {
      await endLocalCloud(path.join(dir, 'home', 'local-cloud'));
      await fs.rm(dir, { recursive: true, force: true });
    });

    it('the tests run to their end', async function () {
      this.timeout(installTimeoutMs);
      const results = await runExtensionTests({ release, desktop, vsix: await sharedPackage(), dir });
      assert.ok(results.length > 0);
      for (const result of results) report(this.test!.parent!, result);
    });
  });
}

/** Adds a test of the extension host to the tests of this process, after the one that runs. */
function report(parent: Mocha.Suite, { suite, title, error }: TestResult): void {
  const existing = parent.suites.find((each) => each.title === suite);
  const target = existing ?? Mocha.Suite.create(parent, suite);
  target.addTest(
    new Mocha.Test(title, () => {
      if (error !== undefined) throw new Error(error);
    }),
  );
}
