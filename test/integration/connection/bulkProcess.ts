/** Reads its input as a connection does, and tells of that pipe, as JSON: see {@link PipeStory}. */
import { spawnSync } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync } from 'node:fs';
import { adaptToBulk } from '../../../src/connection/bulk';
import { openStdio } from '../../../src/connection/stdio';

export interface PipeStory {
  /** What it holds at the start and at the end, in KiB. */
  readonly sizes: readonly [number, number];
  /** Whether its user waits at the end for what it cannot do at once. */
  readonly blocks: boolean;
}

/** F_GETPIPE_SZ, fcntl(2). */
const SIZE = 'print fcntl(STDIN, 1032, 0) / 1024';

function sizeOfInput(): number {
  // A child's standard input is made to block, and with it all that share its description.
  const input = openSync('/proc/self/fd/0', constants.O_RDONLY | constants.O_NONBLOCK);
  const { stdout } = spawnSync('perl', ['-e', SIZE], { stdio: [input, 'pipe', 'inherit'] });
  closeSync(input);
  return Number(stdout);
}

function inputBlocks(): boolean {
  const [, flags] = /^flags:\s*([0-7]+)$/m.exec(readFileSync('/proc/self/fdinfo/0', 'latin1')) ?? [];
  return (parseInt(flags!, 8) & constants.O_NONBLOCK) === 0;
}

const { input, output } = openStdio();
const before = sizeOfInput();
adaptToBulk(input, output);
input.resume();
// The program that enlarges the pipe is a child of ours: we end after it has.
process.once('beforeExit', () => {
  const story: PipeStory = { sizes: [before, sizeOfInput()], blocks: inputBlocks() };
  process.stderr.write(JSON.stringify(story));
});
