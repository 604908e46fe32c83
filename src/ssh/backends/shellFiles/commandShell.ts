import { randomBytes } from 'node:crypto';
import { createDeferred, type Deferred } from '../../../base/async';
import { describeError } from '../../../base/errors';
import type { RemoteProcess } from '../../../cloud/provider';
import { FileError, type ByteString } from '../../../sftp/remoteFiles';
import { hangUp } from '../../hangUp';
import { failureOf } from './failure';
import { answerEnd, callOf, preamble } from './script';

/** The longest answer that is kept: a folder with some 300,000 entries. */
const MAX_ANSWER = 32 * 1024 * 1024;
/** More than a path; a path that is longer than the sandbox allows is refused there. */
const MAX_CALL = 64 * 1024;
/** The exit code behind the token, and a line break. */
const MAX_END = 8;

interface Call {
  readonly answer: Deferred<Buffer>;
  chunks: Buffer[];
  length: number;
}

/**
 * One shell in the sandbox that runs one function of ours after the other, so that a request costs one round trip.
 * Calls may be made at any time: they wait in the shell's input, not for each other's answers.
 */
export class CommandShell {
  readonly #process: RemoteProcess;
  /** Ends each answer. The sandbox's files cannot know it; a sandbox that lies has no need of it. */
  readonly #end: Buffer;
  readonly #calls: Call[] = [];
  /** What came last and may be the beginning of an end. */
  #rest: Buffer = Buffer.alloc(0);
  #isOpen = true;

  constructor(process: RemoteProcess) {
    const token = `end-${randomBytes(16).toString('hex')}`;
    this.#process = process;
    this.#end = Buffer.from(answerEnd(token));
    process.stdin.on('error', () => undefined);
    process.stderr.resume();
    process.stdout.on('data', (chunk: Buffer) => this.#receive(chunk));
    process.exited.then(
      () => this.#fail('The shell in the sandbox has ended'),
      (error: unknown) => this.#fail(describeError(error)),
    );
    process.stdin.write(preamble(token));
  }

  /** Calls a function of the script, or a utility. Resolves with what it printed; rejects with why it failed. */
  call(...words: readonly ByteString[]): Promise<Buffer> {
    if (!this.#isOpen) return Promise.reject(new FileError('failure', 'The shell in the sandbox has ended'));
    const line = callOf(words);
    if (line.includes('\0')) return Promise.reject(new FileError('no-such-file', 'No name holds a NUL'));
    if (line.length > MAX_CALL) return Promise.reject(new FileError('failure', 'File name too long'));
    const answer = createDeferred<Buffer>();
    this.#calls.push({ answer, chunks: [], length: 0 });
    this.#process.stdin.write(Buffer.from(line, 'latin1'));
    return answer.promise;
  }

  /** Ends the shell: at once if it is idle, else within the time that {@link hangUp} gives it. */
  close(): void {
    this.#isOpen = false;
    void hangUp(this.#process);
  }

  #receive(chunk: Buffer): void {
    let data = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    for (let end = this.#findEnd(data); end; end = this.#findEnd(data)) {
      this.#keep(data.subarray(0, end.begin));
      this.#settle(end.code);
      data = data.subarray(end.length);
    }
    const open = data.indexOf(this.#end);
    const certain = open >= 0 ? open : Math.max(0, data.length - this.#end.length);
    this.#keep(data.subarray(0, certain));
    // A copy of a few bytes, so that it does not hold the chunk.
    this.#rest = Buffer.from(data.subarray(certain));
    if (open >= 0 && this.#rest.length > this.#end.length + MAX_END) this.#fail('The shell answers nonsense');
  }

  #findEnd(data: Buffer): { begin: number; code: number; length: number } | undefined {
    const begin = data.indexOf(this.#end);
    const codeAt = begin + this.#end.length;
    const newline = begin < 0 ? -1 : data.indexOf('\n', codeAt);
    if (newline < 0) return undefined;
    return { begin, code: Number(data.toString('latin1', codeAt, newline)), length: newline + 1 };
  }

  #keep(data: Buffer): void {
    const call = this.#calls[0];
    if (!call || data.length === 0) return;
    call.length += data.length;
    if (call.length > MAX_ANSWER) call.chunks = [];
    else call.chunks.push(data);
  }

  #settle(code: number): void {
    const call = this.#calls.shift();
    if (!call) return;
    const output = Buffer.concat(call.chunks);
    if (call.length > MAX_ANSWER)
      call.answer.reject(new FileError('failure', 'The folder is too large to list'));
    else if (code === 0) call.answer.resolve(output);
    else call.answer.reject(failureOf(output.toString('utf8'), code));
  }

  #fail(message: string): void {
    this.#isOpen = false;
    this.#process.kill();
    for (const { answer } of this.#calls.splice(0)) answer.reject(new FileError('failure', message));
  }
}
