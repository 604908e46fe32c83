import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as path from 'node:path';
import { requireTool, skipFor } from '../../helpers/require';
import type { PipeStory } from './bulkProcess';

const TRANSFER = 20_000_000;

/** What became of a process's input pipe, when so many bytes came through it. */
function receive(bytes: number): PipeStory {
  const pipeline = `head -c ${bytes} /dev/zero | "$@"`;
  const program = [process.execPath, '--import=tsx', path.join(__dirname, 'bulkProcess.ts')];
  return JSON.parse(spawnSync('sh', ['-c', pipeline, 'sh', ...program]).stderr.toString()) as PipeStory;
}

describe('adaptToBulk', () => {
  before(function () {
    if (process.platform !== 'linux') skipFor(this, 'pipes have no size that can be set');
    requireTool(this, 'perl');
  });

  it('enlarges a pipe that a transfer goes through', () => {
    assert.deepEqual(receive(TRANSFER).sizes, [64, 1024]);
  });

  it('leaves it as it was for reading and writing: neither waits', () => {
    assert.equal(receive(TRANSFER).blocks, false);
  });

  it('leaves the pipes of a short session alone', () => {
    assert.deepEqual(receive(1000).sizes, [64, 64]);
  });
});
