/**
 * An SFTP server, version 3 with OpenSSH's extensions, for one client.
 *
 * ssh2 has one too. It is not used because it decodes file names as UTF-8, which loses those that are not, cannot
 * announce extensions, takes a length with the highest bit set for a small one, and neither holds back a client nor
 * bounds what it buffers for one.
 */
import type { Readable, Writable } from 'node:stream';
import { ByteReader } from '../base/byteReader';
import { describeError, describeErrorChain } from '../base/errors';
import type { Logger } from '../base/logger';
import { readAccounts } from './accounts';
import { HandleTable } from './handles';
import { MAX_DATA, MAX_PACKET, PacketType, Status, VERSION, type StatusCode } from './protocol';
import { FileError, type FileErrorCode, type RemoteFiles } from './remoteFiles';
import { announceExtensions, HANDLERS, replyFields, statusReply, type Reply, type Served } from './requests';
import { BadMessage, byte, FieldReader, packet, uint32 } from './wire';

/** What may be under way before the next request is read: OpenSSH's client sends 64 at once. */
const MAX_REQUESTS = 128;
/** The data of 32 requests of the largest size. */
const MAX_REQUEST_BYTES = 32 * MAX_DATA;

const STATUS_OF: Readonly<Record<FileErrorCode, StatusCode>> = {
  'no-such-file': Status.NO_SUCH_FILE,
  'permission-denied': Status.PERMISSION_DENIED,
  unsupported: Status.OP_UNSUPPORTED,
  failure: Status.FAILURE,
};

export interface SftpOptions {
  readonly files: RemoteFiles;
  readonly input: Readable;
  readonly output: Writable;
  readonly log: Logger;
}

/**
 * Serves until the client ends its input, and answers what came before. Rejects if the client does not speak the
 * protocol. Closes what the client left open; the files stay their owner's.
 */
export async function serveSftp({ files, input, output, log }: SftpOptions): Promise<void> {
  const reader = new ByteReader(input);
  const served: Served = { files, handles: new HandleTable(), accounts: once(() => readAccounts(files)) };
  const underWay = new Budget();

  // Calls back when the client has room for it, or is gone.
  const send = (fields: readonly Buffer[]): Promise<void> =>
    new Promise((resolve) => output.write(packet(...fields), () => resolve()));
  try {
    await greet(reader, send);
    for (let request = await readPacket(reader); request; request = await readPacket(reader)) {
      const finished = answer(request, served, log).then(send);
      await underWay.add(costOf(request), finished);
    }
    await underWay.empty();
  } finally {
    served.handles.abandonAll();
  }
}

/** Does it when it is first asked for. */
function once<T>(work: () => T): () => T {
  let result: { readonly value: T } | undefined;
  return () => (result ??= { value: work() }).value;
}

async function greet(reader: ByteReader, send: (fields: readonly Buffer[]) => Promise<void>): Promise<void> {
  const first = await readPacket(reader);
  if (!first) return;
  if (first[0] !== PacketType.INIT) throw new BadMessage('The client does not begin with INIT');
  await send([byte(PacketType.VERSION), uint32(VERSION), ...announceExtensions()]);
}

/** Undefined at the end of input. */
async function readPacket(reader: ByteReader): Promise<Buffer | undefined> {
  const header = await reader.read(4);
  if (header.length < 4) return undefined;
  const length = header.readUInt32BE();
  if (length === 0 || length > MAX_PACKET)
    throw new BadMessage(`The client sends a packet of ${length} bytes`);
  const body = await reader.read(length);
  return body.length < length ? undefined : body;
}

/** Reading and answering cost memory: what comes with a WRITE, and what a READ asks for. */
function costOf(request: Buffer): number {
  return request[0] === PacketType.READ ? MAX_DATA : request.length;
}

async function answer(request: Buffer, served: Served, log: Logger): Promise<Buffer[]> {
  const fields = new FieldReader(request);
  const handler = HANDLERS.get(fields.byte());
  const id = fields.uint32();
  if (!handler) return replyFields(id, statusReply(Status.OP_UNSUPPORTED, 'Unknown request'));
  try {
    return replyFields(id, await handler(fields, served));
  } catch (error) {
    return replyFields(id, failureReply(error, log));
  }
}

function failureReply(error: unknown, log: Logger): Reply {
  if (error instanceof BadMessage) return statusReply(Status.BAD_MESSAGE, error.message);
  const code = error instanceof FileError ? STATUS_OF[error.code] : Status.FAILURE;
  log.debug(`sftp: ${describeErrorChain(error)}`);
  return statusReply(code, describeError(error));
}

/** Bounds what is under way at once. */
class Budget {
  #requests = 0;
  #bytes = 0;
  #failure: Error | undefined;
  #onChange: (() => void) | undefined;

  /** Resolves when there is room for more. */
  async add(bytes: number, work: Promise<void>): Promise<void> {
    this.#requests++;
    this.#bytes += bytes;
    work
      .catch((cause: unknown) => (this.#failure ??= new Error(describeError(cause), { cause })))
      .finally(() => {
        this.#requests--;
        this.#bytes -= bytes;
        this.#onChange?.();
      });
    await this.#until(() => this.#requests < MAX_REQUESTS && this.#bytes < MAX_REQUEST_BYTES);
  }

  /** Resolves when nothing is under way. */
  empty(): Promise<void> {
    return this.#until(() => this.#requests === 0);
  }

  async #until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => (this.#onChange = resolve));
    if (this.#failure) throw this.#failure;
  }
}
