/** Reads its input as a connection does, and tells how large that pipe was at the start and at the end, in KiB. */
import { spawnSync } from 'node:child_process';
import { adaptToBulk } from '../../../src/connection/bulk';
import { openStdio } from '../../../src/connection/stdio';

/** F_GETPIPE_SZ, fcntl(2). */
const SIZE = 'print fcntl(STDIN, 1032, 0) / 1024';

function sizeOfInput(): string {
  return spawnSync('perl', ['-e', SIZE], { stdio: [0, 'pipe', 'inherit'] }).stdout.toString();
}

const { input, output } = openStdio();
const before = sizeOfInput();
adaptToBulk(input, output);
input.resume();
// The program that enlarges the pipe is a child of ours: we end after it has.
process.once('beforeExit', () => process.stderr.write(`${before} ${sizeOfInput()}`));
