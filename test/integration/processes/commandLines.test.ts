import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { findByCommandLine } from '../../../src/processes/commandLines';
import { requireTool } from '../../helpers/require';

describe('Processes by their command lines', () => {
  before(function () {
    requireTool(this, 'ps');
  });

  it('are found by any part of it, however long it is', async () => {
    const mark = `mark-${process.pid}`;
    const child = spawn('/bin/sh', ['-c', 'echo; read line', 'sh', 'x'.repeat(5000), mark]);
    await once(child.stdout, 'data');

    assert.deepEqual(await findByCommandLine(mark), [child.pid]);

    const ended = once(child, 'close');
    child.stdin.end();
    await ended;
    assert.deepEqual(await findByCommandLine(mark), []);
  });
});
