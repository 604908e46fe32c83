import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import { promisify } from 'node:util';
import { requireTool, skipFor } from '../../helpers/require';
import { useTempDir } from '../../helpers/tempDir';

interface Report {
  readonly date: string;
  readonly node: string;
  readonly cpu: string;
  readonly rows: readonly {
    readonly name: string;
    readonly backend: string;
    readonly unit: string;
    readonly ours: number;
    readonly sshd: number;
    readonly ratio: number;
  }[];
}

describe('npm run bench', function () {
  this.timeout(60_000);
  const dir = useTempDir();

  it('writes each figure beside that of sshd as it comes, and of sshd with our algorithms', async function () {
    requireTool(this, 'ssh');
    if (!existsSync('/usr/sbin/sshd')) skipFor(this, 'not installed: sshd');
    const file = path.join(dir.path, 'figures.json');

    const { stdout } = await promisify(execFile)(process.execPath, [
      ...['test/bench/run.mjs', '--rounds', '1', '--only', 'connect.warm', '--json', file],
    ]);

    const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
    assert.deepEqual(Object.keys(report), ['date', 'node', 'cpu', 'rows']);
    assert.deepEqual(
      report.rows.map(({ name, backend, unit }) => ({ name, backend, unit })),
      ['exec', 'agent'].flatMap((backend) =>
        ['connect.warm', 'connect.warm.same-algorithms'].map((name) => ({ name, backend, unit: 'ms' })),
      ),
    );
    for (const { ours, sshd, ratio } of report.rows) {
      assert.ok(ours > 0 && sshd > 0);
      assert.equal(ratio, ours / sshd);
    }
    assert.match(stdout, /^connect\.warm .* ms /m);
  });
});
