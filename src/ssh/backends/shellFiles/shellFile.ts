import {
  FileError,
  type Attributes,
  type ByteString,
  type OpenMode,
  type RemoteFile,
} from '../../../sftp/remoteFiles';
import { ReadStream, WriteStream, type Start } from './dataStreams';

/** A gap before the wanted offset that is read and thrown away rather than stepped over by a new process. */
const MAX_SKIP = 512 * 1024;

/** What an open file asks of its file system by path. */
export interface PathRequests {
  stat(path: ByteString): Promise<Attributes>;
  setstat(path: ByteString, changes: Attributes): Promise<void>;
  sync(path: ByteString): Promise<unknown>;
}

export interface ShellFileOptions {
  readonly path: ByteString;
  readonly mode: OpenMode;
  readonly start: Start;
  readonly requests: PathRequests;
  readonly onClose: () => void;
}

/**
 * An open file. The sandbox knows nothing of it but the process that reads or writes its data just now, and any
 * other offset takes a new one; so a file that is moved or removed while it is open is lost for what comes later.
 */
export class ShellFile implements RemoteFile {
  readonly path: ByteString;
  readonly #options: ShellFileOptions;
  #reading: ReadStream | undefined;
  #writing: WriteStream | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #finalPermissions: number | undefined;
  /** Why something that was written is not in the file: nobody may close it without being told. */
  #writeFailure: { readonly reason: unknown } | undefined;
  /** How many reads were asked for, and of these how many before the end of the file was seen last. */
  #readsAsked = 0;
  #readsAtEnd = 0;

  constructor(options: ShellFileOptions) {
    this.#options = options;
    this.path = options.path;
    const { write, create } = options.mode;
    // Opened to be read, most likely from its beginning: the process starts while the client waits for the handle.
    if (!write && !create) this.#reading = new ReadStream(options.start, options.path, 0);
  }

  /** Permissions that the file is to have once it is closed, since they would stop the writing. */
  restrictAtClose(permissions: number): void {
    this.#finalPermissions = permissions;
  }

  read(offset: number, length: number): Promise<Buffer> {
    const number = ++this.#readsAsked;
    return this.#inOrder(async () => {
      if (!this.#options.mode.read) throw new FileError('permission-denied', 'Not open for reading');
      await this.#finishWriting();
      const stream = await this.#readingAt(offset, number);
      if (!stream) return Buffer.alloc(0);
      const data = await stream.read(length);
      if (stream.isAtEnd) this.#readsAtEnd = this.#readsAsked;
      return data;
    });
  }

  write(offset: number, data: Buffer): Promise<void> {
    return this.#inOrder(async () => {
      const { mode, start, path } = this.#options;
      if (!mode.write) throw new FileError('permission-denied', 'Not open for writing');
      this.#stopReading();
      const position = mode.append ? undefined : offset;
      if (this.#writing?.position !== position) await this.#finishWriting();
      this.#writing ??= new WriteStream(start, path, position);
      await this.#noteFailure(this.#writing.write(data));
    });
  }

  stat(): Promise<Attributes> {
    return this.#afterWrites(() => this.#options.requests.stat(this.path));
  }

  setstat(changes: Attributes): Promise<void> {
    return this.#afterWrites(() => {
      // The permissions of the client's latest word.
      if (changes.mode !== undefined) this.#finalPermissions = undefined;
      return this.#options.requests.setstat(this.path, changes);
    });
  }

  sync(): Promise<void> {
    return this.#afterWrites(async () => {
      await this.#options.requests.sync(this.path);
    });
  }

  /** Resolves when what was written so far is in the file, or failed to get there: then {@link close} rejects. */
  async settle(): Promise<void> {
    await this.#inOrder(() => this.#finishWriting()).catch(() => undefined);
  }

  close(): Promise<void> {
    return this.#inOrder(async () => {
      this.#stopReading();
      try {
        await this.#finishWriting();
        if (this.#writeFailure) throw this.#writeFailure.reason;
        const mode = this.#finalPermissions;
        if (mode !== undefined) await this.#options.requests.setstat(this.path, { mode });
      } finally {
        this.#options.onClose();
      }
    });
  }

  abandon(): void {
    this.#stopReading();
    this.#writing?.abandon();
    this.#writing = undefined;
    this.#options.onClose();
  }

  /** Undefined beyond the end of the file. */
  async #readingAt(offset: number, number: number): Promise<ReadStream | undefined> {
    const stream = this.#reading;
    if (stream?.isAtEnd && offset >= stream.position) {
      // A file may have grown since; one request finds out for all reads that were waiting.
      if (number <= this.#readsAtEnd) return undefined;
      const { size = 0 } = await this.#options.requests.stat(this.path);
      this.#readsAtEnd = this.#readsAsked;
      if (size <= offset) return undefined;
    } else if (
      stream &&
      !stream.isAtEnd &&
      offset >= stream.position &&
      offset - stream.position <= MAX_SKIP
    ) {
      await stream.read(offset - stream.position);
      if (stream.position === offset) return stream;
      this.#readsAtEnd = this.#readsAsked;
      return undefined;
    }
    this.#stopReading();
    this.#reading = new ReadStream(this.#options.start, this.path, offset);
    return this.#reading;
  }

  #stopReading(): void {
    this.#reading?.abandon();
    this.#reading = undefined;
  }

  async #finishWriting(): Promise<void> {
    const stream = this.#writing;
    this.#writing = undefined;
    await this.#noteFailure(stream?.finish());
  }

  async #noteFailure(writing: Promise<void> | undefined): Promise<void> {
    try {
      await writing;
    } catch (reason) {
      this.#writeFailure ??= { reason };
      throw reason;
    }
  }

  #afterWrites<T>(work: () => Promise<T>): Promise<T> {
    return this.#inOrder(async () => {
      await this.#finishWriting();
      return work();
    });
  }

  #inOrder<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#last.then(work, work);
    this.#last = next.catch(() => undefined);
    return next;
  }
}
