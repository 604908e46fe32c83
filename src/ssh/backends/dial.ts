import { Duplex, type Readable } from 'node:stream';
import { abortable, delay } from '../../base/async';
import { createDeadline } from '../../base/deadline';
import { printable } from '../../base/errors';
import type { RemoteProcess } from '../../cloud/provider';
import { BridgeError } from '../backend';
import { CONNECTED } from './relays';

/** How long a relay that does not announce itself must live to be taken for connected. */
const SILENT_CONNECT_MS = 250;
/** Longer than any TCP stack's own time-out that a person would wait for. */
const CONNECT_TIMEOUT_MS = 60_000;
const MAX_COMPLAINT = 4096;

/**
 * Waits until a relay has connected and gives its stdin and stdout as one stream. Rejects as `refused` if it ends
 * before. The process belongs to the stream: destroying one ends the other.
 */
export async function connectRelay(
  process: RemoteProcess,
  announces: boolean,
  signal: AbortSignal,
): Promise<Duplex> {
  let complaint = '';
  process.stderr.on('data', (chunk: Buffer) => {
    if (complaint.length < MAX_COMPLAINT) complaint += chunk.toString();
  });
  const deadline = createDeadline(
    CONNECT_TIMEOUT_MS,
    () => new BridgeError('refused', 'No answer in time'),
    signal,
  );
  try {
    const signs = [firstOutput(process.stdout)];
    if (!announces) signs.push(delay(SILENT_CONNECT_MS).then(() => true));
    if (!(await abortable(Promise.race(signs), deadline.signal))) {
      await abortable(process.exited, deadline.signal);
      throw new BridgeError('refused', printable(complaint) || 'Connection refused');
    }
    if (announces) takeAnnouncement(process.stdout);
  } catch (error) {
    process.kill();
    throw error;
  } finally {
    deadline.dispose();
  }
  return new RelayStream(process);
}

/** Resolves with whether the stream has anything to read, or has ended without. Reads nothing. */
function firstOutput(stream: Readable): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (): void => {
      if (stream.readableLength === 0 && !stream.readableEnded && !stream.destroyed) {
        // An empty stream emits `end` only when it is asked for more.
        stream.read(0);
        return;
      }
      for (const event of EVENTS) stream.off(event, settle);
      resolve(stream.readableLength > 0);
    };
    const EVENTS = ['readable', 'end', 'close', 'error'];
    for (const event of EVENTS) stream.on(event, settle);
  });
}

/** Takes the announcing byte off the stream, and nothing else. */
function takeAnnouncement(stdout: Readable): void {
  const first = stdout.read(1) as Buffer | null;
  if (first?.[0] !== CONNECTED)
    throw new BridgeError('unavailable', 'The relay in the sandbox does not answer');
}

/**
 * A connected relay as a stream. Once the relay has ended, what the client still sends goes nowhere, while what the
 * server sent is still read to its end.
 */
class RelayStream extends Duplex {
  readonly #process: RemoteProcess;

  constructor(process: RemoteProcess) {
    super();
    this.#process = process;
    process.stdout.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) process.stdout.pause();
    });
    process.stdout.on('end', () => this.push(null));
    process.stdout.on('error', (error) => this.destroy(error));
    process.stdin.on('error', () => undefined);
    process.exited.catch((error: unknown) => this.destroy(error instanceof Error ? error : undefined));
    process.stdout.pause();
  }

  override _read(): void {
    this.#process.stdout.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#process.stdin.write(chunk, () => callback());
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#process.stdin.end(() => callback());
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#process.kill();
    callback(error);
  }
}
