import {
  FileError,
  type Attributes,
  type ByteString,
  type FileSystemFacts,
  type OpenMode,
  type RemoteDirectory,
  type RemoteFile,
  type RemoteFiles,
} from '../../../sftp/remoteFiles';
import { Listing, parseRecord } from './attributes';
import { CommandShell } from './commandShell';
import type { Start } from './dataStreams';
import { ShellFile } from './shellFile';
import { octal, touchTime } from './words';

/** As OpenSSH's server has it. */
const ENTRIES_AT_ONCE = 100;
/** What the listings of all open folders may take: those of some 600,000 entries. */
const MAX_LISTINGS = 64 * 1024 * 1024;
const USUAL_UMASK = 0o022;
const PERMISSIONS = 0o7777;
const OWNER_RW = 0o600;
const EXECUTE = 0o111;

/**
 * The files of a sandbox by nothing but a shell and the utilities of POSIX: one shell for all that goes by path, and
 * a process for the data of each open file.
 */
export class ShellFiles implements RemoteFiles {
  readonly #shell: CommandShell;
  readonly #start: Start;
  readonly #umask: number;
  readonly #open = new Set<ShellFile>();
  #listed = 0;

  private constructor(shell: CommandShell, start: Start, umask: number) {
    this.#shell = shell;
    this.#start = start;
    this.#umask = umask;
  }

  /** Resolves when the shell in the sandbox answers. */
  static async open(start: Start): Promise<ShellFiles> {
    const shell = new CommandShell(await start(['sh', '-s']));
    const umask = parseInt((await shell.call('umask')).toString('latin1'), 8);
    return new ShellFiles(shell, start, Number.isNaN(umask) ? USUAL_UMASK : umask);
  }

  async stat(path: ByteString): Promise<Attributes> {
    return this.#attributes('followed', path);
  }

  async lstat(path: ByteString): Promise<Attributes> {
    return this.#attributes('attributes', path);
  }

  async setstat(path: ByteString, changes: Attributes): Promise<void> {
    await this.#settle(path);
    await this.#change(word(path), changes);
  }

  async lsetstat(path: ByteString, { size, mode, owner, times }: Attributes): Promise<void> {
    if (size !== undefined) throw new FileError('unsupported', 'A link has no size that could be set');
    await this.#settle(path);
    const own =
      mode !== undefined && this.#shell.call('change_own_mode', octal(mode & PERMISSIONS), word(path));
    await Promise.all([own, this.#changeTimesAndOwner(word(path), { owner, times }, ['-h'])]);
  }

  async statvfs(path: ByteString): Promise<FileSystemFacts> {
    const answer = (await this.#shell.call('file_system', word(path))).toString('latin1');
    const numbers = answer.trim().split(' ').map(Number);
    const [blockSize, fragmentSize, blocks, freeBlocks, availableBlocks, files, freeFiles, maxName] = numbers;
    if (maxName === undefined || !numbers.every((value) => Number.isSafeInteger(value) && value >= 0)) {
      throw new FileError('unsupported', 'The sandbox does not tell of its file systems');
    }
    return {
      blockSize: blockSize ?? 0,
      fragmentSize: fragmentSize ?? 0,
      blocks: blocks ?? 0,
      freeBlocks: freeBlocks ?? 0,
      availableBlocks: availableBlocks ?? 0,
      files: files ?? 0,
      freeFiles: freeFiles ?? 0,
      maxName,
    };
  }

  async open(path: ByteString, mode: OpenMode): Promise<RemoteFile> {
    await this.#settle(path);
    const file = this.#createFile(word(path), mode);
    try {
      const permissions = mode.permissions & ~this.#umask;
      const isCreated = await this.#openOrCreate(word(path), mode, permissions);
      if (isCreated && (permissions & OWNER_RW) !== OWNER_RW) file.restrictAtClose(permissions);
      return file;
    } catch (error) {
      file.abandon();
      throw error;
    }
  }

  #createFile(path: ByteString, mode: OpenMode): ShellFile {
    const file: ShellFile = new ShellFile({
      path,
      mode,
      start: this.#start,
      requests: {
        stat: (name) => this.#describe('followed', name),
        setstat: (name, changes) => this.#change(name, changes),
        sync: (name) => this.#shell.call('to_disk', name),
      },
      onClose: () => this.#open.delete(file),
    });
    this.#open.add(file);
    return file;
  }

  /** Whether the file is new. */
  async #openOrCreate(path: ByteString, mode: OpenMode, permissions: number): Promise<boolean> {
    // What the writing process could not open would never be written.
    const first = permissions | OWNER_RW;
    const flags = [mode.create, mode.create && mode.exclusive, mode.truncate];
    const answer = await this.#shell.call(
      'open',
      path,
      `${mode.read ? 'r' : ''}${mode.write ? 'w' : ''}`,
      ...flags.map((flag) => (flag ? '1' : '0')),
      octal(0o777 & ~first),
      first & EXECUTE ? octal(first) : '',
    );
    return answer.length > 0;
  }

  async readWhole(path: ByteString, limit: number): Promise<Buffer> {
    const content = await this.#shell.call('whole', word(path));
    if (content.length > limit) throw new FileError('failure', 'File too large');
    return content;
  }

  async list(path: ByteString): Promise<RemoteDirectory> {
    const output = await this.#shell.call('list', word(path));
    if (this.#listed + output.length > MAX_LISTINGS) throw new FileError('failure', 'Too many open folders');
    this.#listed += output.length;
    const listing = new Listing(output);
    return {
      next: () => Promise.resolve(listing.next(ENTRIES_AT_ONCE)),
      close: () => (this.#listed -= output.length),
    };
  }

  rename(from: ByteString, to: ByteString): Promise<void> {
    return this.#run('rename', from, to);
  }

  replace(from: ByteString, to: ByteString): Promise<void> {
    return this.#run('replace', from, to);
  }

  remove(path: ByteString): Promise<void> {
    return this.#run('remove', path);
  }

  async makeDirectory(path: ByteString, permissions: number): Promise<void> {
    await this.#shell.call('mkdir', '-m', octal(permissions & ~this.#umask), word(path));
  }

  removeDirectory(path: ByteString): Promise<void> {
    return this.#run('rmdir', path);
  }

  async readLink(path: ByteString): Promise<ByteString> {
    return lineOf(await this.#shell.call('read_link', word(path)));
  }

  async makeSymbolicLink(target: ByteString, path: ByteString): Promise<void> {
    await this.#shell.call('symbolic_link', target, word(path));
  }

  makeHardLink(target: ByteString, path: ByteString): Promise<void> {
    return this.#run('hard_link', target, path);
  }

  async realPath(path: ByteString): Promise<ByteString> {
    return lineOf(await this.#shell.call('real_path', word(path)));
  }

  close(): void {
    for (const file of this.#open) file.abandon();
    this.#shell.close();
  }

  async #attributes(command: string, path: ByteString): Promise<Attributes> {
    await this.#settle(path);
    return this.#describe(command, word(path));
  }

  async #describe(command: string, path: ByteString): Promise<Attributes> {
    const output = (await this.#shell.call(command, path)).toString('latin1');
    return parseRecord(output.replace(/\/\n$/, '')).attributes;
  }

  async #run(command: string, ...paths: readonly ByteString[]): Promise<void> {
    await this.#settle(...paths);
    await this.#shell.call(command, ...paths.map(word));
  }

  /** In the order of OpenSSH's server. */
  async #change(path: ByteString, { size, mode, ...rest }: Attributes): Promise<void> {
    const calls: Promise<unknown>[] = [];
    if (size !== undefined) calls.push(this.#shell.call('truncate_to', String(size), path));
    if (mode !== undefined) calls.push(this.#shell.call('chmod', octal(mode & PERMISSIONS), path));
    calls.push(this.#changeTimesAndOwner(path, rest, []));
    await Promise.all(calls);
  }

  async #changeTimesAndOwner(
    path: ByteString,
    { times, owner }: { [Key in 'times' | 'owner']?: Attributes[Key] | undefined },
    options: readonly string[],
  ): Promise<void> {
    const calls: Promise<unknown>[] = [];
    // Old busybox sets both times whatever it is told, so the one that counts comes last.
    if (times)
      calls.push(this.#shell.call('set_time', ...options, '-a', '-t', touchTime(times.accessed), path));
    if (times)
      calls.push(this.#shell.call('set_time', ...options, '-m', '-t', touchTime(times.modified), path));
    if (owner) calls.push(this.#shell.call('chown', ...options, `${owner.uid}:${owner.gid}`, path));
    await Promise.all(calls);
  }

  /** What was written to these files before shows in what is asked of them by path. */
  async #settle(...paths: readonly ByteString[]): Promise<void> {
    const words = paths.map(word);
    const files = [...this.#open].filter((file) => words.includes(file.path));
    if (files.length > 0) await Promise.all(files.map((file) => file.settle()));
  }
}

/** A path that no utility takes for an option or for its standard input. */
function word(path: ByteString): ByteString {
  return path.startsWith('/') ? path : `./${path}`;
}

function lineOf(output: Buffer): ByteString {
  return output.toString('latin1').replace(/\n$/, '');
}
