import { FileError, type ByteString, type RemoteDirectory, type RemoteFile } from './remoteFiles';
import { MAX_HANDLES } from './protocol';

export type Open =
  | { readonly kind: 'file'; readonly path: ByteString; readonly file: RemoteFile }
  | { readonly kind: 'directory'; readonly directory: RemoteDirectory };

/** What a client has open. Handles are never used again, so that a late request does not hit another file. */
export class HandleTable {
  readonly #open = new Map<ByteString, Open>();
  #reserved = 0;
  #next = 0;

  /** Opens something unless too much is open. */
  async add(open: () => Promise<Open>): Promise<ByteString> {
    if (this.#open.size + this.#reserved >= MAX_HANDLES)
      throw new FileError('failure', `Too many open files (${MAX_HANDLES} at most)`);
    this.#reserved++;
    try {
      const opened = await open();
      const handle = String(this.#next++);
      this.#open.set(handle, opened);
      return handle;
    } finally {
      this.#reserved--;
    }
  }

  file(handle: ByteString): RemoteFile {
    return this.#getFile(handle).file;
  }

  /** The name by which a file was opened. */
  pathOfFile(handle: ByteString): ByteString {
    return this.#getFile(handle).path;
  }

  directory(handle: ByteString): RemoteDirectory {
    const open = this.#get(handle);
    if (open.kind !== 'directory') throw new FileError('failure', 'Not a directory');
    return open.directory;
  }

  async close(handle: ByteString): Promise<void> {
    const open = this.#get(handle);
    this.#open.delete(handle);
    if (open.kind === 'file') await open.file.close();
    else open.directory.close();
  }

  /** For the end of a session: nobody waits for what is under way. */
  abandonAll(): void {
    for (const open of this.#open.values()) {
      if (open.kind === 'file') open.file.abandon();
      else open.directory.close();
    }
    this.#open.clear();
  }

  #getFile(handle: ByteString): Open & { readonly kind: 'file' } {
    const open = this.#get(handle);
    if (open.kind !== 'file') throw new FileError('failure', 'Is a directory');
    return open;
  }

  #get(handle: ByteString): Open {
    const open = this.#open.get(handle);
    if (!open) throw new FileError('failure', 'No such handle');
    return open;
  }
}
