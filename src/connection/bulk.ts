import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { markAsUsual, sparePointlessMarking } from '../base/marking';
import { widenPipe } from '../base/widenPipe';

/** Beyond what a person types or reads; a transfer. */
const BULK_BYTES = 1024 * 1024;

/** Makes this process fit for a transfer once there is one, so that all other connections start without the cost. */
export function adaptToBulk(input: Socket, output: Socket, platform = process.platform): void {
  const widening = pipeWidening(platform);
  let isAdapted = false;
  const adapt = (fd: number): void => {
    if (widening) runOn(fd, widening);
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

interface Command {
  readonly program: string;
  readonly args: readonly string[];
}

/** What widens the pipe that it has for its standard input. Undefined on systems that size pipes by themselves. */
export function pipeWidening(platform: NodeJS.Platform): Command | undefined {
  if (platform !== 'linux') return undefined;
  return { program: 'perl', args: ['-e', widenPipe('STDIN')] };
}

/** Without that program all works as well, only slower. */
function runOn(fd: number, { program, args }: Command): void {
  const widening = spawn(program, args, {
    stdio: [fd, 'ignore', 'ignore'],
    env: { PATH: process.env['PATH'] },
  });
  widening.on('error', () => undefined);
}
