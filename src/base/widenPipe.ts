/**
 * Perl that widens the pipe at one of its standard streams, and does nothing to anything else. A pipe holds 64 KiB on
 * Linux, so the programs at its ends would wait for each other after each of those. Node has no fcntl(2); perl is there
 * on nearly every Linux.
 */
export function widenPipe(stream: 'STDIN' | 'STDOUT'): string {
  // F_SETPIPE_SZ (fcntl(2)) with the largest size that anyone may ask for by default (pipe(7)).
  return `fcntl(${stream}, 1031, 1048576);`;
}
