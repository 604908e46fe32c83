import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { PassThrough, Writable, type Readable } from 'node:stream';
import { createDeferred, type Deferred } from '../../src/base/async';
import type { ExitStatus, RemoteProcess } from '../../src/cloud/provider';

export interface Collected {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: ExitStatus;
}

/** Reads a process to its end; `input` is its whole input. */
export async function collect(process: RemoteProcess, input: string | Buffer = ''): Promise<Collected> {
  process.stdin.end(input);
  const [stdout, stderr, status] = await Promise.all([
    readAll(process.stdout),
    readAll(process.stderr),
    process.exited,
  ]);
  return { stdout: stdout.toString('utf8'), stderr: stderr.toString('utf8'), status };
}

export async function readAll(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** All that comes, to its end. Unlike {@link readAll} leaves a Duplex open for writing. */
export async function readOpen(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(stream, 'end');
  return Buffer.concat(chunks);
}

export async function sha256Of(stream: Readable): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of stream as AsyncIterable<Buffer>) hash.update(chunk);
  return hash.digest('hex');
}

export function sha256(data: Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

export interface TestProcess {
  readonly process: RemoteProcess;
  readonly stdout: PassThrough;
  readonly stderr: PassThrough;
  readonly exited: Deferred<ExitStatus>;
  readonly kills: () => number;
}

/** A process whose outputs and end the test decides. */
export function createTestProcess(): TestProcess {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const exited = createDeferred<ExitStatus>();
  let kills = 0;
  const process: RemoteProcess = {
    stdin: new Writable({ write: (_chunk, _encoding, done) => done() }),
    stdout,
    stderr,
    exited: exited.promise,
    resize: () => undefined,
    signal: () => undefined,
    kill: () => kills++,
  };
  return { process, stdout, stderr, exited, kills: () => kills };
}
