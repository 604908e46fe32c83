/** What each request of SFTP does and is answered with, but for INIT. */
import type { Accounts } from './accounts';
import { copyData } from './copyData';
import { expandHome } from './expandHome';
import type { HandleTable } from './handles';
import { longName } from './longName';
import { MAX_DATA, MAX_HANDLES, MAX_PACKET, OpenFlag, PacketType, Status, type StatusCode } from './protocol';
import {
  FileError,
  type Attributes,
  type ByteString,
  type FileSystemFacts,
  type OpenMode,
  type RemoteFiles,
} from './remoteFiles';
import { attributes, byte, FieldReader, string, uint32, uint64 } from './wire';

/** An answer without its request id: the packet's type, then its fields. */
export interface Reply {
  readonly type: number;
  readonly fields: readonly Buffer[];
}

export interface Served {
  readonly files: RemoteFiles;
  readonly handles: HandleTable;
  /** Read when first asked for. */
  readonly accounts: () => Promise<Accounts>;
}

type Handler = (request: FieldReader, served: Served) => Promise<Reply>;

export function statusReply(code: StatusCode, message: string): Reply {
  return { type: PacketType.STATUS, fields: [uint32(code), string(Buffer.from(message)), string('')] };
}

const OK = statusReply(Status.OK, '');
const END_OF_FILE = statusReply(Status.EOF, 'End of file');
const NO_EXTENSION = statusReply(Status.OP_UNSUPPORTED, 'Unknown extended request');

const attributesReply = (value: Attributes): Reply => ({
  type: PacketType.ATTRS,
  fields: [attributes(value)],
});
const handleReply = (handle: ByteString): Reply => ({ type: PacketType.HANDLE, fields: [string(handle)] });
const extendedReply = (...fields: readonly Buffer[]): Reply => ({ type: PacketType.EXTENDED_REPLY, fields });

function nameReply(
  names: readonly { name: ByteString; longName: ByteString; attributes: Attributes }[],
): Reply {
  const fields = names.flatMap((entry) => [
    string(entry.name),
    string(entry.longName),
    attributes(entry.attributes),
  ]);
  return { type: PacketType.NAME, fields: [uint32(names.length), ...fields] };
}

/** READLINK and REALPATH answer with one name and dummy attributes (sections 6.10 and 6.11). */
const oneName = (name: ByteString): Reply => nameReply([{ name, longName: name, attributes: {} }]);

/** A handler of what is answered by nothing but its success. */
function done(work: (request: FieldReader, served: Served) => Promise<unknown>): Handler {
  return async (request, served) => {
    await work(request, served);
    return OK;
  };
}

/** The handlers read all fields before they wait, so requests take effect in the order in which they came. */
export const HANDLERS: ReadonlyMap<number, Handler> = new Map<number, Handler>([
  [
    PacketType.OPEN,
    async (request, { files, handles }) => {
      const path = request.string();
      const mode = openMode(request.uint32(), request.attributes());
      return handleReply(
        await handles.add(async () => ({ kind: 'file', path, file: await files.open(path, mode) })),
      );
    },
  ],
  [PacketType.CLOSE, done((request, { handles }) => handles.close(request.string()))],
  [
    PacketType.READ,
    async (request, { handles }) => {
      const file = handles.file(request.string());
      const data = await file.read(request.uint64(), readLength(request));
      return data.length > 0 ? { type: PacketType.DATA, fields: [uint32(data.length), data] } : END_OF_FILE;
    },
  ],
  [
    PacketType.WRITE,
    done((request, { handles }) => handles.file(request.string()).write(request.uint64(), request.bytes())),
  ],
  [PacketType.LSTAT, async (request, { files }) => attributesReply(await files.lstat(request.string()))],
  [PacketType.STAT, async (request, { files }) => attributesReply(await files.stat(request.string()))],
  [
    PacketType.FSTAT,
    async (request, { handles }) => attributesReply(await handles.file(request.string()).stat()),
  ],
  [PacketType.SETSTAT, done((request, { files }) => files.setstat(request.string(), request.attributes()))],
  [
    PacketType.FSETSTAT,
    done((request, { handles }) => handles.file(request.string()).setstat(request.attributes())),
  ],
  [
    PacketType.OPENDIR,
    async (request, { files, handles }) => {
      const path = request.string();
      return handleReply(
        await handles.add(async () => ({ kind: 'directory', directory: await files.list(path) })),
      );
    },
  ],
  [
    PacketType.READDIR,
    async (request, { handles, accounts }) => {
      const [entries, known] = await Promise.all([handles.directory(request.string()).next(), accounts()]);
      const now = Date.now() / 1000;
      const names = entries.map((entry) => ({
        ...entry,
        longName: longName(entry.name, entry.attributes, known, now),
      }));
      return names.length > 0 ? nameReply(names) : END_OF_FILE;
    },
  ],
  [PacketType.REMOVE, done((request, { files }) => files.remove(request.string()))],
  [
    PacketType.MKDIR,
    done((request, { files }) =>
      files.makeDirectory(request.string(), permissionsOf(request.attributes(), 0o777)),
    ),
  ],
  [PacketType.RMDIR, done((request, { files }) => files.removeDirectory(request.string()))],
  [PacketType.REALPATH, async (request, { files }) => oneName(await files.realPath(request.string()))],
  [PacketType.RENAME, done((request, { files }) => files.rename(request.string(), request.string()))],
  [PacketType.READLINK, async (request, { files }) => oneName(await files.readLink(request.string()))],
  [
    // OpenSSH sends the target first, against the draft, and so does everybody since (its PROTOCOL file, section 4.1).
    PacketType.SYMLINK,
    done((request, { files }) => files.makeSymbolicLink(request.string(), request.string())),
  ],
  [
    PacketType.EXTENDED,
    (request, served) => {
      const extension = EXTENSIONS.get(request.string());
      return extension ? extension.handle(request, served) : Promise.resolve(NO_EXTENSION);
    },
  ],
]);

/** Extensions of OpenSSH, described in sections 4.3 to 4.12 of its PROTOCOL file. */
const EXTENSIONS: ReadonlyMap<string, { readonly version: string; readonly handle: Handler }> = new Map([
  [
    'posix-rename@openssh.com',
    { version: '1', handle: done((request, { files }) => files.replace(request.string(), request.string())) },
  ],
  [
    'hardlink@openssh.com',
    {
      version: '1',
      handle: done((request, { files }) => files.makeHardLink(request.string(), request.string())),
    },
  ],
  [
    'statvfs@openssh.com',
    {
      version: '2',
      handle: async (request, { files }) => statvfsReply(await files.statvfs(request.string())),
    },
  ],
  [
    'fsync@openssh.com',
    { version: '1', handle: done((request, { handles }) => handles.file(request.string()).sync()) },
  ],
  [
    'lsetstat@openssh.com',
    {
      version: '1',
      handle: done((request, { files }) => files.lsetstat(request.string(), request.attributes())),
    },
  ],
  [
    'limits@openssh.com',
    {
      version: '1',
      handle: () =>
        Promise.resolve(
          extendedReply(uint64(MAX_PACKET), uint64(MAX_DATA), uint64(MAX_DATA), uint64(MAX_HANDLES)),
        ),
    },
  ],
  [
    'expand-path@openssh.com',
    {
      version: '1',
      handle: async (request, { files, accounts }) => {
        const path = request.string();
        return oneName(await files.realPath(await expandHome(path, accounts)));
      },
    },
  ],
  [
    // Of draft-ietf-secsh-filexfer-extensions-00 section 7.
    'copy-data',
    {
      version: '1',
      handle: done((request, { handles }) => {
        const [source, from, length] = [request.string(), request.uint64(), request.uint64()];
        const [target, to] = [request.string(), request.uint64()];
        // As OpenSSH has it: a client has emptied the target when it asks, and would take what is left for a copy.
        if (handles.pathOfFile(source) === handles.pathOfFile(target)) {
          throw new FileError('failure', 'A file is no copy of itself');
        }
        return copyData({ source: handles.file(source), from, length, target: handles.file(target), to });
      }),
    },
  ],
  [
    'users-groups-by-id@openssh.com',
    {
      version: '1',
      handle: async (request, { accounts }) => {
        const [uids, gids] = [request.bytes(), request.bytes()];
        const { users, groups } = await accounts();
        return extendedReply(namesOf(uids, users), namesOf(gids, groups));
      },
    },
  ],
]);

/** The fields of VERSION that announce the extensions. */
export function announceExtensions(): Buffer[] {
  return [...EXTENSIONS].flatMap(([name, { version }]) => [string(name), string(version)]);
}

/** Both are strings of strings; what is not known is an empty one. */
function namesOf(ids: Buffer, known: ReadonlyMap<number, ByteString>): Buffer {
  const reader = new FieldReader(ids);
  const names: Buffer[] = [];
  while (!reader.isAtEnd) names.push(string(known.get(reader.uint32()) ?? ''));
  return string(Buffer.concat(names));
}

function readLength(request: FieldReader): number {
  return Math.min(request.uint32(), MAX_DATA);
}

function permissionsOf({ mode }: Attributes, otherwise: number): number {
  return mode === undefined ? otherwise : mode & 0o7777;
}

function openMode(flags: number, attributes: Attributes): OpenMode {
  const has = (flag: number): boolean => (flags & flag) !== 0;
  return {
    read: has(OpenFlag.READ),
    write: has(OpenFlag.WRITE) || has(OpenFlag.APPEND),
    append: has(OpenFlag.APPEND),
    create: has(OpenFlag.CREAT),
    truncate: has(OpenFlag.TRUNC),
    exclusive: has(OpenFlag.EXCL),
    permissions: permissionsOf(attributes, 0o666),
  };
}

/** `f_fsid` and `f_flag` are not known. */
function statvfsReply(facts: FileSystemFacts): Reply {
  const { blockSize, fragmentSize, blocks, freeBlocks, availableBlocks, files, freeFiles, maxName } = facts;
  const numbers = [
    blockSize,
    fragmentSize,
    blocks,
    freeBlocks,
    availableBlocks,
    files,
    freeFiles,
    freeFiles,
    0,
    0,
    maxName,
  ];
  return extendedReply(...numbers.map(uint64));
}

/** The packet that answers a request. */
export function replyFields(id: number, { type, fields }: Reply): Buffer[] {
  return [byte(type), uint32(id), ...fields];
}
