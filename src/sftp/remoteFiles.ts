/** What the SFTP server serves: files of a sandbox, however a backend gets at them. */
import { CodedError } from '../base/errors';

/**
 * A file name or path as Unix has them: any bytes but NUL, one character for each byte (latin1). SFTP names have no
 * encoding (draft-ietf-secsh-filexfer-02 section 6.2), and decoding would lose those that are not UTF-8.
 */
export type ByteString = string;

/** What is not known is left out. Times are seconds since 1970. */
export interface Attributes {
  readonly size?: number;
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** File type and permissions, as st_mode. */
  readonly mode?: number;
  readonly times?: { readonly accessed: number; readonly modified: number };
}

export interface DirectoryEntry {
  readonly name: ByteString;
  readonly attributes: Attributes;
}

export interface OpenMode {
  readonly read: boolean;
  readonly write: boolean;
  /** Every write goes to the end of the file. */
  readonly append: boolean;
  readonly create: boolean;
  readonly truncate: boolean;
  /** With `create`: fail if the file exists. */
  readonly exclusive: boolean;
  /** Permissions of a file that is created, before the umask. */
  readonly permissions: number;
}

/** What statvfs(3) tells. */
export interface FileSystemFacts {
  readonly blockSize: number;
  readonly fragmentSize: number;
  readonly blocks: number;
  readonly freeBlocks: number;
  readonly availableBlocks: number;
  readonly files: number;
  readonly freeFiles: number;
  readonly maxName: number;
}

/** An open file. Calls take effect in the order in which they are made. */
export interface RemoteFile {
  /** Up to `length` bytes; fewer only at the end of the file, none beyond it. */
  read(offset: number, length: number): Promise<Buffer>;
  /** Resolves when the data is on its way; a later call may report why it did not arrive. */
  write(offset: number, data: Buffer): Promise<void>;
  stat(): Promise<Attributes>;
  setstat(changes: Attributes): Promise<void>;
  /** Resolves when what was written is on the sandbox's disk. */
  sync(): Promise<void>;
  /** Resolves when what was written is in the file. */
  close(): Promise<void>;
  /** Gives up whatever is under way, at once. */
  abandon(): void;
}

export interface RemoteDirectory {
  /**
   * The next entries; none at the end. Calls may be made before earlier ones have settled, and settle in their order:
   * clients that ask ahead, as paramiko does, expect the answers in the order in which OpenSSH gives them.
   */
  next(): Promise<DirectoryEntry[]>;
  close(): void;
}

export interface RemoteFiles {
  stat(path: ByteString): Promise<Attributes>;
  /** Like {@link stat}, of a symbolic link itself. */
  lstat(path: ByteString): Promise<Attributes>;
  setstat(path: ByteString, changes: Attributes): Promise<void>;
  /** Like {@link setstat}, of a symbolic link itself. */
  lsetstat(path: ByteString, changes: Attributes): Promise<void>;
  statvfs(path: ByteString): Promise<FileSystemFacts>;
  open(path: ByteString, mode: OpenMode): Promise<RemoteFile>;
  /** All of a small file; rejects if it has more than `limit` bytes. */
  readWhole(path: ByteString, limit: number): Promise<Buffer>;
  list(path: ByteString): Promise<RemoteDirectory>;
  /** Fails if there is something at `to`. */
  rename(from: ByteString, to: ByteString): Promise<void>;
  /** As rename(2): takes the place of what is at `to`. */
  replace(from: ByteString, to: ByteString): Promise<void>;
  remove(path: ByteString): Promise<void>;
  makeDirectory(path: ByteString, permissions: number): Promise<void>;
  removeDirectory(path: ByteString): Promise<void>;
  readLink(path: ByteString): Promise<ByteString>;
  makeSymbolicLink(target: ByteString, path: ByteString): Promise<void>;
  makeHardLink(target: ByteString, path: ByteString): Promise<void>;
  /** The absolute path without symbolic links; its last part need not exist. */
  realPath(path: ByteString): Promise<ByteString>;
  /** Ends what was started for these files, without waiting. */
  close(): void;
}

/**
 * - `no-such-file`, `permission-denied`: what SFTP tells its clients apart
 * - `unsupported`: nothing in the sandbox can do it
 * - `failure`: anything else; the message says what
 */
export type FileErrorCode = 'no-such-file' | 'permission-denied' | 'unsupported' | 'failure';

/** Why a request for a file failed; its client is told the code as a status, and the message. */
export class FileError extends CodedError<FileErrorCode> {}
