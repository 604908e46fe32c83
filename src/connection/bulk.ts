import { spawn } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import type { Socket } from 'node:net';
import { markAsUsual, sparePointlessMarking } from '../base/marking';
import { widenPipe } from '../base/widenPipe';

const { O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;
/** Beyond what a person types or reads; a transfer. */
const BULK_BYTES = 1024 * 1024;

/** Makes this process fit for a transfer once there is one, so that all other connections start without the cost. */
export function adaptToBulk(input: Socket, output: Socket, platform = process.platform): void {
  const widening = pipeWidening(platform);
  let isAdapted = false;
  const adapt = (fd: 0 | 1): void => {
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

/** Without that program, or where the descriptor is no pipe, all works as well, only slower. */
function runOn(fd: 0 | 1, { program, args }: Command): void {
  try {
    const pipe = openAnew(fd);
    try {
      const env = { PATH: process.env['PATH'] };
      spawn(program, args, { stdio: [pipe, 'ignore', 'ignore'], env }).on('error', () => undefined);
    } finally {
      closeSync(pipe);
    }
  } catch {
    // A socket, or no more processes.
  }
}

/**
 * The same pipe by an open file description of its own (proc(5)). Node clears O_NONBLOCK on what a child gets as its
 * standard input, and the flag is one for all who share a description (open(2)): our own writes would block us, and for
 * ever with a client that does not read while it writes, as PuTTY's plink.
 */
function openAnew(fd: 0 | 1): number {
  return openSync(`/proc/self/fd/${fd}`, (fd === 0 ? O_RDONLY : O_WRONLY) | O_NONBLOCK);
}
