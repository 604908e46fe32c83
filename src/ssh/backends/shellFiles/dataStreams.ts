/** The data of an open file: one process in the sandbox for each run of consecutive reads or writes. */
import { ByteReader } from '../../../base/byteReader';
import { escapeForPrintf } from '../../../base/shell';
import type { RemoteProcess } from '../../../cloud/provider';
import { FileError, type ByteString } from '../../../sftp/remoteFiles';
import { failureOf } from './failure';
import { APPEND_SCRIPT, READ_SCRIPT, WRITE_SCRIPT } from './script';

/** Starts a program in the sandbox. */
export type Start = (argv: readonly [string, ...string[]]) => Promise<RemoteProcess>;

const MAX_COMPLAINT = 4096;

/** A process that is being started, and what there is to say when it fails. */
class DataProcess {
  readonly process: Promise<RemoteProcess>;
  #complaint = '';
  #isAbandoned = false;

  constructor(start: Start, script: string, path: ByteString, offset: number) {
    this.process = start(['sh', '-c', script, 'sh', escapeForPrintf(path), String(offset)]).then(
      (process) => {
        process.stdin.on('error', () => undefined);
        process.stderr.on('data', (chunk: Buffer) => {
          if (this.#complaint.length < MAX_COMPLAINT) this.#complaint += chunk.toString();
        });
        if (this.#isAbandoned) process.kill();
        return process;
      },
    );
    this.process.catch(() => undefined);
  }

  /** Resolves when the process has ended well. */
  async ended(): Promise<void> {
    const status = await (await this.process).exited;
    if ('signal' in status) throw new FileError('failure', `The transfer was ended by SIG${status.signal}`);
    if (status.code !== 0) throw failureOf(this.#complaint, status.code);
  }

  abandon(): void {
    this.#isAbandoned = true;
    this.process.then(
      (process) => process.kill(),
      () => undefined,
    );
  }
}

/** Reads a file from an offset on. One read at a time. */
export class ReadStream {
  readonly #data: DataProcess;
  readonly #reader: Promise<ByteReader>;
  #isAtEnd = false;

  constructor(
    start: Start,
    path: ByteString,
    /** Where the next byte comes from. */
    public position: number,
  ) {
    this.#data = new DataProcess(start, READ_SCRIPT, path, position);
    this.#reader = this.#data.process.then(({ stdin, stdout }) => {
      stdin.end();
      return new ByteReader(stdout);
    });
    this.#reader.catch(() => undefined);
  }

  get isAtEnd(): boolean {
    return this.#isAtEnd;
  }

  /** Fewer bytes than asked for only at the end of the file. */
  async read(length: number): Promise<Buffer> {
    const data = await (await this.#reader).read(length);
    this.position += data.length;
    if (data.length < length) {
      await this.#data.ended();
      this.#isAtEnd = true;
    }
    return data;
  }

  abandon(): void {
    this.#data.abandon();
  }
}

/** Writes a file from an offset on, or at its end. One call at a time. */
export class WriteStream {
  readonly #data: DataProcess;

  constructor(
    start: Start,
    path: ByteString,
    /** Where the next byte goes to; undefined for the end of the file. */
    public position: number | undefined,
  ) {
    const script = position === undefined ? APPEND_SCRIPT : WRITE_SCRIPT;
    this.#data = new DataProcess(start, script, path, position ?? 0);
  }

  /** Resolves when there is room for more. */
  async write(data: Buffer): Promise<void> {
    const { stdin, stdout } = await this.#data.process;
    stdout.resume();
    await new Promise<void>((resolve) => {
      if (stdin.write(data, () => resolve())) resolve();
    });
    // A process that ends early says why.
    if (stdin.destroyed) await this.#data.ended();
    if (this.position !== undefined) this.position += data.length;
  }

  /** Resolves when all is in the file. */
  async finish(): Promise<void> {
    const { stdin, stdout } = await this.#data.process;
    stdout.resume();
    stdin.end();
    await this.#data.ended();
  }

  abandon(): void {
    this.#data.abandon();
  }
}
