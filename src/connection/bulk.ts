import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { markAsUsual, sparePointlessMarking } from '../base/marking';

/** Beyond what a person types or reads; a transfer. */
const BULK_BYTES = 1024 * 1024;
/** F_SETPIPE_SZ (fcntl(2), Linux) with the largest size that anyone may ask for by default (pipe(7)). */
const WIDEN = 'fcntl(STDIN, 1031, 1048576)';

/** Makes this process fit for a transfer once there is one, so that all other connections start without the cost. */
export function adaptToBulk(input: Socket, output: Socket): void {
  let isAdapted = false;
  const adapt = (fd: number): void => {
    widenPipe(fd);
    if (isAdapted) return;
    isAdapted = true;
    sparePointlessMarking();
    // Before the code cache is saved.
    process.prependOnceListener('exit', markAsUsual);
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
