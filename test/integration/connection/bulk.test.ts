import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as path from 'node:path';
import { requireTool, skipFor } from '../../helpers/require';

/** Sizes in KiB of a process's input pipe, before and after so many bytes came through it. */
function pipeSizes(bytes: number): string {
  const pipeline = `head -c ${bytes} /dev/zero | "$@"`;
  const program = [process.execPath, '--import=tsx', path.join(__dirname, 'bulkProcess.ts')];
  return spawnSync('sh', ['-c', pipeline, 'sh', ...program], { encoding: 'utf8' }).stderr;
}

describe('adaptToBulk', () => {
  before(function () {
    if (process.platform !== 'linux') skipFor(this, 'pipes have no size that can be set');
    requireTool(this, 'perl');
  });

  it('enlarges a pipe that a transfer goes through', () => {
    assert.equal(pipeSizes(20_000_000), '64 1024');
  });

  it('leaves the pipes of a short session alone', () => {
    assert.equal(pipeSizes(1000), '64 64');
  });
});
