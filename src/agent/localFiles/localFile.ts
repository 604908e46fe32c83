import type { FileHandle } from 'node:fs/promises';
import type { Attributes, RemoteFile } from '../../sftp/remoteFiles';
import { attributesOf, change } from './attributes';
import { asFileError } from './fileErrors';

/** An open file of this computer. */
export class LocalFile implements RemoteFile {
  readonly #handle: FileHandle;
  readonly #appends: boolean;
  #last: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(handle: FileHandle, appends: boolean) {
    this.#handle = handle;
    this.#appends = appends;
  }

  read(offset: number, length: number): Promise<Buffer> {
    return this.#inOrder(async () => {
      const data = Buffer.allocUnsafe(length);
      let filled = 0;
      while (filled < length) {
        const { bytesRead } = await this.#handle.read(data, filled, length - filled, offset + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return data.subarray(0, filled);
    });
  }

  write(offset: number, data: Buffer): Promise<void> {
    return this.#inOrder(async () => {
      let written = 0;
      while (written < data.length) {
        const position = this.#appends ? null : offset + written;
        const step = await this.#handle.write(data, written, data.length - written, position);
        written += step.bytesWritten;
      }
    });
  }

  stat(): Promise<Attributes> {
    return this.#inOrder(async () => attributesOf(await this.#handle.stat()));
  }

  setstat(changes: Attributes): Promise<void> {
    return this.#inOrder(() => change(this.#handle, changes));
  }

  sync(): Promise<void> {
    return this.#inOrder(() => this.#handle.sync());
  }

  close(): Promise<void> {
    return this.#inOrder(() => this.#close());
  }

  abandon(): void {
    void this.#close().catch(() => undefined);
  }

  async #close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#handle.close();
  }

  #inOrder<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(() => asFileError(work));
    this.#last = result.catch(() => undefined);
    return result;
  }
}
