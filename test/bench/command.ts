import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import type { Readable } from 'node:stream';
import type { Argv } from './target';

/** A stretch of time on performance.now()'s clock. */
export interface Span {
  readonly begin: number;
  readonly end: number;
}

/** Milliseconds from the start of a program to its end. */
export async function timeOf([program, ...args]: Argv): Promise<number> {
  const begin = performance.now();
  await succeed(spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] }));
  return performance.now() - begin;
}

/**
 * Runs a program to its end and drops its output; the span begins when its stderr says `go`. So the time to connect
 * does not count, and that which the word takes back is made up for by that of the exit code.
 */
export async function spanFromGo([program, ...args]: Argv): Promise<Span> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = succeed(child);
  await Promise.race([untilSaid(child.stderr, 'go'), ended]);
  const begin = performance.now();
  await ended;
  return { begin, end: performance.now() };
}

function untilSaid(stream: Readable, word: string): Promise<void> {
  return new Promise((resolve) => {
    let said = '';
    stream.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes(word)) resolve();
    });
  });
}

/** Rejects if a program does not end well. */
async function succeed(child: ChildProcess): Promise<void> {
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  if (code !== 0) throw new Error(`${child.spawnargs.join(' ')} ended with ${code ?? signal}`);
}
