import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';

/** Beyond what a person types or reads; a transfer. */
const BULK_BYTES = 1024 * 1024;
/** F_SETPIPE_SZ (fcntl(2), Linux) with the largest size that anyone may ask for by default (pipe(7)). */
const WIDEN = 'fcntl(STDIN, 1031, 1048576)';

/** Makes this process fit for a transfer once there is one, so that all other connections start without the cost. */
export function adaptToBulk(input: Socket, output: Socket): void {
  let isAdapted = false;
  const adapt = (fd: number): void => {
    if (!isAdapted) sparePointlessMarking();
    isAdapted = true;
    widenPipe(fd);
  };
  const onInput = (): void => {
    if (input.bytesRead < BULK_BYTES) return;
    input.off('data', onInput);
    adapt(0);
  };
  const onDrain = (): void => {
    if (output.bytesWritten < BULK_BYTES) return;
    output.off('drain', onDrain);
    adapt(1);
  };
  input.on('data', onInput);
  output.on('drain', onDrain);
}

/**
 * V8 counts buffers, which lie outside its heap, when it decides to mark the whole heap, and would do that many times
 * a second although nearly nothing in it changes: a third of the work of a transfer. As an argument of the process
 * the flag would keep Node from using its own compiled code.
 */
function sparePointlessMarking(): void {
  setFlagsFromString('--no-incremental-marking');
  // The code cache is valid for the flags that it was made with.
  process.prependOnceListener('exit', () => setFlagsFromString('--incremental-marking'));
}

/**
 * A pipe holds 64 KiB, so ssh and we would wait for each other after each of those. Node has no fcntl(2); perl is
 * there on nearly every Linux, and without it all works as well, only slower. Other systems size pipes by themselves.
 */
function widenPipe(fd: number): void {
  if (process.platform !== 'linux') return;
  const perl = spawn('perl', ['-e', WIDEN], {
    stdio: [fd, 'ignore', 'ignore'],
    env: { PATH: process.env['PATH'] },
  });
  perl.on('error', () => undefined);
}
