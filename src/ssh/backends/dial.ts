import { Duplex, type Readable } from 'node:stream';
import { abortable, delay } from '../../base/async';
import { createDeadline } from '../../base/deadline';
import { printable } from '../../base/errors';
import type { RemoteProcess } from '../../cloud/provider';
import { BridgeError } from '../backend';
import { CONNECTED, END_OF_OUTPUT } from './relays';

/** How long a relay that does not announce itself must live to be taken for connected. */
const SILENT_CONNECT_MS = 250;
/** Longer than any TCP stack's own time-out that a person would wait for. */
const CONNECT_TIMEOUT_MS = 60_000;
/** Of what a relay says on stderr. */
const MAX_WORDS = 4096;

/**
 * Waits until a relay has connected and gives its stdin and stdout as one stream. Rejects as `refused` if the target
 * does not answer, as `lost` if a relay that would have said so has ended without a word. The process belongs to the
 * stream: destroying one ends the other.
 */
export async function connectRelay(
  process: RemoteProcess,
  announces: boolean,
  signal: AbortSignal,
  silentConnectMs = SILENT_CONNECT_MS,
): Promise<Duplex> {
  const words = new RelayWords(process.stderr);
  const deadline = createDeadline(
    CONNECT_TIMEOUT_MS,
    () => new BridgeError('refused', 'No answer in time'),
    signal,
  );
  try {
    const signs = [firstOutput(process.stdout)];
    if (!announces) signs.push(delay(silentConnectMs).then(() => true));
    if (!(await abortable(Promise.race(signs), deadline.signal))) {
      await abortable(process.exited, deadline.signal);
      if (announces && !words.complaint) throw new BridgeError('lost', 'The relay in the sandbox was ended');
      throw new BridgeError('refused', printable(words.complaint) || 'Connection refused');
    }
    if (announces) takeAnnouncement(process.stdout);
  } catch (error) {
    process.kill();
    throw error;
  } finally {
    deadline.dispose();
  }
  return new RelayStream(process, words);
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
    // A stream that has ended before has no more events.
    settle();
  });
}

/** Takes the announcing byte off the stream, and nothing else. */
function takeAnnouncement(stdout: Readable): void {
  const first = stdout.read(1) as Buffer | null;
  if (first?.[0] !== CONNECTED)
    throw new BridgeError('unavailable', 'The relay in the sandbox does not answer');
}

/** What a relay says on stderr: why it failed, or where its output ends. */
class RelayWords {
  #text = '';
  #onMore: () => void = () => undefined;

  constructor(stderr: Readable) {
    stderr.on('data', (chunk: Buffer) => {
      if (this.#text.length > MAX_WORDS) return;
      this.#text += chunk.toString('latin1');
      this.#onMore();
    });
  }

  get complaint(): string {
    return Buffer.from(this.#text, 'latin1').toString();
  }

  /** How many bytes its output has, once it has told. */
  get outputLength(): number | undefined {
    const [, length] = END_OF_OUTPUT.exec(this.#text) ?? [];
    return length === undefined ? undefined : Number(length);
  }

  /** Told whenever there is more. */
  set onMore(listener: () => void) {
    this.#onMore = listener;
  }
}

/**
 * A connected relay as a stream, each direction with an end of its own. It closes when the relay has ended and all
 * that the server sent is read; what the client still sends then goes nowhere.
 */
class RelayStream extends Duplex {
  readonly #process: RemoteProcess;
  readonly #words: RelayWords;
  #received = 0;
  #outputEnded = false;

  constructor(process: RemoteProcess, words: RelayWords) {
    super();
    this.#process = process;
    this.#words = words;
    process.stdout.on('data', (chunk: Buffer) => this.#take(chunk));
    process.stdout.on('end', () => this.#endOutput());
    process.stdout.on('error', (error) => this.destroy(error));
    process.stdin.on('error', () => undefined);
    process.stdout.pause();
    words.onMore = () => this.#endCompleteOutput();
    process.exited.then(
      () => this.#closeOnceRead(),
      (error: unknown) => this.destroy(error instanceof Error ? error : undefined),
    );
    this.#endCompleteOutput();
  }

  override _read(): void {
    this.#process.stdout.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#process.stdin.write(chunk, () => callback());
  }

  /** Calls back when the relay has ended: only then has the server all that was written. */
  override _final(callback: (error?: Error | null) => void): void {
    this.#process.stdin.end();
    const done = (): void => callback();
    this.#process.exited.then(done, done);
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#process.kill();
    callback(error);
  }

  #take(chunk: Buffer): void {
    this.#received += chunk.length;
    if (!this.#outputEnded && !this.push(chunk)) this.#process.stdout.pause();
    this.#endCompleteOutput();
  }

  #endCompleteOutput(): void {
    const length = this.#words.outputLength;
    if (length !== undefined && this.#received >= length) this.#endOutput();
  }

  #endOutput(): void {
    if (this.#outputEnded) return;
    this.#outputEnded = true;
    this.push(null);
    // A process ends for us once its streams are read to their end.
    this.#process.stdout.resume();
  }

  #closeOnceRead(): void {
    if (this.readableEnded) this.destroy();
    else this.once('end', () => this.destroy());
  }
}
