import { constants } from 'node:fs';
import * as fs from 'node:fs/promises';
import { errnoOf } from '../../base/errors';
import {
  FileError,
  type Attributes,
  type ByteString,
  type FileSystemFacts,
  type OpenMode,
  type RemoteDirectory,
  type RemoteFile,
  type RemoteFiles,
} from '../../sftp/remoteFiles';
import { attributesOf, change, type Changer } from './attributes';
import { asFileError } from './fileErrors';
import { LocalDirectory } from './localDirectory';
import { LocalFile } from './localFile';
import { renameWithoutReplacing } from './renameWithoutReplacing';

/** Of Linux' and most other file systems; statfs(2) of Node does not tell. */
const MAX_NAME = 255;
const SLASH = 0x2f;

/** The files of this computer, by names that are bytes. Relative paths begin at `home`. */
export class LocalFiles implements RemoteFiles {
  readonly #home: Buffer;

  constructor(home: string) {
    this.#home = Buffer.from(`${home}/`);
  }

  stat(path: ByteString): Promise<Attributes> {
    return asFileError(async () => attributesOf(await fs.stat(this.#bytes(path))));
  }

  lstat(path: ByteString): Promise<Attributes> {
    return asFileError(async () => attributesOf(await fs.lstat(this.#bytes(path))));
  }

  setstat(path: ByteString, changes: Attributes): Promise<void> {
    const file = this.#bytes(path);
    const changer: Changer = {
      truncate: (size) => fs.truncate(file, size),
      chmod: (mode) => fs.chmod(file, mode),
      utimes: (accessed, modified) => fs.utimes(file, accessed, modified),
      chown: (uid, gid) => fs.chown(file, uid, gid),
    };
    return asFileError(() => change(changer, changes));
  }

  lsetstat(path: ByteString, changes: Attributes): Promise<void> {
    const link = this.#bytes(path);
    const unsupported = (): Promise<never> =>
      Promise.reject(new FileError('unsupported', 'Links have no size and no permissions'));
    const changer: Changer = {
      truncate: unsupported,
      chmod: unsupported,
      utimes: (accessed, modified) => fs.lutimes(link, accessed, modified),
      chown: (uid, gid) => fs.lchown(link, uid, gid),
    };
    return asFileError(() => change(changer, changes));
  }

  statvfs(path: ByteString): Promise<FileSystemFacts> {
    return asFileError(async () => {
      const facts = await fs.statfs(this.#bytes(path));
      return {
        blockSize: facts.bsize,
        fragmentSize: facts.bsize,
        blocks: facts.blocks,
        freeBlocks: facts.bfree,
        availableBlocks: facts.bavail,
        files: facts.files,
        freeFiles: facts.ffree,
        maxName: MAX_NAME,
      };
    });
  }

  open(path: ByteString, mode: OpenMode): Promise<RemoteFile> {
    return asFileError(async () => {
      const handle = await fs.open(this.#bytes(path), openFlags(mode), mode.permissions);
      return new LocalFile(handle, mode.append);
    });
  }

  readWhole(path: ByteString, limit: number): Promise<Buffer> {
    return asFileError(async () => {
      const stat = await fs.stat(this.#bytes(path));
      // Anything else has no end, or none before somebody writes to it.
      if (!stat.isFile()) throw new FileError('failure', 'Not a file');
      if (stat.size > limit) throw new FileError('failure', 'File too large');
      return fs.readFile(this.#bytes(path));
    });
  }

  list(path: ByteString): Promise<RemoteDirectory> {
    return asFileError(() => LocalDirectory.open(this.#bytes(path)));
  }

  rename(from: ByteString, to: ByteString): Promise<void> {
    return asFileError(() => renameWithoutReplacing(this.#bytes(from), this.#bytes(to)));
  }

  replace(from: ByteString, to: ByteString): Promise<void> {
    return asFileError(() => fs.rename(this.#bytes(from), this.#bytes(to)));
  }

  remove(path: ByteString): Promise<void> {
    return asFileError(() => fs.unlink(this.#bytes(path)));
  }

  makeDirectory(path: ByteString, permissions: number): Promise<void> {
    return asFileError(async () => {
      await fs.mkdir(this.#bytes(path), permissions);
    });
  }

  removeDirectory(path: ByteString): Promise<void> {
    return asFileError(() => fs.rmdir(this.#bytes(path)));
  }

  readLink(path: ByteString): Promise<ByteString> {
    return asFileError(async () => {
      const target = await fs.readlink(this.#bytes(path), { encoding: 'buffer' });
      return target.toString('latin1');
    });
  }

  makeSymbolicLink(target: ByteString, path: ByteString): Promise<void> {
    return asFileError(() => fs.symlink(Buffer.from(target, 'latin1'), this.#bytes(path)));
  }

  makeHardLink(target: ByteString, path: ByteString): Promise<void> {
    return asFileError(() => fs.link(this.#bytes(target), this.#bytes(path)));
  }

  realPath(path: ByteString): Promise<ByteString> {
    const place = this.#bytes(path);
    return asFileError(async () => {
      try {
        return (await realPath(place)).toString('latin1');
      } catch (error) {
        if (errnoOf(error) !== 'ENOENT') throw error;
        const end = place.lastIndexOf(SLASH);
        const parent = await realPath(place.subarray(0, Math.max(end, 1)));
        const name = place.subarray(end + 1).toString('latin1');
        return `${parent.toString('latin1').replace(/\/$/, '')}/${name}`;
      }
    });
  }

  close(): void {
    // Nothing is started for these files.
  }

  #bytes(path: ByteString): Buffer {
    const bytes = Buffer.from(path, 'latin1');
    return bytes[0] === SLASH ? bytes : Buffer.concat([this.#home, bytes]);
  }
}

function realPath(path: Buffer): Promise<Buffer> {
  return fs.realpath(path, { encoding: 'buffer' });
}

function openFlags({ read, write, append, create, truncate, exclusive }: OpenMode): number {
  const { O_RDONLY, O_WRONLY, O_RDWR, O_APPEND, O_CREAT, O_TRUNC, O_EXCL, O_NOCTTY, O_NONBLOCK } = constants;
  const access = write ? (read ? O_RDWR : O_WRONLY) : O_RDONLY;
  const options = [
    [append, O_APPEND],
    [create, O_CREAT],
    [truncate, O_TRUNC],
    [exclusive, O_EXCL],
    // A named pipe would hold one of the few threads that all file work has.
    [true, O_NONBLOCK],
    [true, O_NOCTTY],
  ] as const;
  return options.reduce((flags, [isAsked, flag]) => (isAsked ? flags | flag : flags), access);
}
