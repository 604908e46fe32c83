/** How brokers are found: each has one entry in a private folder, named after its editor and process. */
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs/promises';
import * as net from 'node:net';
import * as path from 'node:path';
import { abortReason } from '../base/async';
import { errnoOf } from '../base/errors';
import { readIfExists, writeFileAtomic } from '../base/files';
import { pathsOf } from '../base/paths';
import { isAlive } from '../base/processes';
import { BrokerError } from './errors';

export interface Endpoint {
  /** The entry's path: the socket itself, or on Windows a file that names the pipe. */
  readonly file: string;
  readonly editor: string;
  readonly pid: number;
}

/** Limit of sockaddr_un.sun_path is 104 bytes on macOS, its NUL included; Linux has 108. */
const MAX_SOCKET_PATH_BYTES = 100;
/** More entries than anyone has windows. */
const MAX_ENDPOINTS = 64;
const entryPattern = /^([a-z0-9-]{1,16})-(\d{1,10})-[0-9a-f]{8,32}\.(sock|pipe)$/;
const pipePattern = /^\\\\\.\\pipe\\cloud-sandboxes-[0-9a-f]{32}$/;

/** The editor's part of an alias `<slug>-<hash>.<editor>.sbx`. */
export function editorOfAlias(alias: string): string {
  return alias.split('.').at(-2) ?? '';
}

/** A fresh entry's path. Throws a {@link BrokerError} `path-too-long` if a socket could not be bound there. */
export function newEndpointFile(dir: string, editor: string, platform = process.platform): string {
  const kind = platform === 'win32' ? 'pipe' : 'sock';
  const file = pathsOf(platform).join(
    dir,
    `${editor}-${process.pid}-${randomBytes(4).toString('hex')}.${kind}`,
  );
  if (kind === 'sock' && Buffer.byteLength(file) > MAX_SOCKET_PATH_BYTES) {
    const message = `The folder ${dir} has too long a path for a socket; set XDG_RUNTIME_DIR or TMPDIR to a shorter one`;
    throw new BrokerError('path-too-long', message);
  }
  return file;
}

/** The address to listen on for a fresh entry; a pipe's is published by {@link publishPipe}. */
export function listenAddress(file: string): string {
  return file.endsWith('.sock') ? file : `\\\\.\\pipe\\cloud-sandboxes-${randomBytes(16).toString('hex')}`;
}

/**
 * Makes a pipe findable. Other users may list the names of pipes, and by Windows' usual access list read what comes out
 * of one ("Named Pipe Security and Access Rights"): but not write, and who asks nothing is told nothing.
 */
export async function publishPipe(file: string, address: string): Promise<void> {
  await writeFileAtomic(file, address);
}

/** The entries in the folder, those of the preferred editor first. They may be dead. */
export async function listEndpoints(dir: string, preferredEditor?: string): Promise<Endpoint[]> {
  const endpoints: Endpoint[] = [];
  for (const name of await fs.readdir(dir)) {
    const [, editor, pid] = entryPattern.exec(name) ?? [];
    if (editor && pid) endpoints.push({ file: path.join(dir, name), editor, pid: Number(pid) });
  }
  const rank = (endpoint: Endpoint): number => (endpoint.editor === preferredEditor ? 0 : 1);
  return endpoints.sort((a, b) => rank(a) - rank(b)).slice(0, MAX_ENDPOINTS);
}

/** Connects to a broker; rejects with the socket's error or the signal's reason. */
export async function dial(endpoint: Endpoint, signal: AbortSignal): Promise<net.Socket> {
  const address = await addressOf(endpoint);
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const socket = net.connect({ path: address });
    const onAbort = (): void => {
      socket.destroy(abortReason(signal));
    };
    const onConnect = (): void => {
      settle();
      resolve(socket);
    };
    const onError = (error: Error): void => {
      settle();
      reject(error);
    };
    const settle = (): void => {
      signal.removeEventListener('abort', onAbort);
      socket.removeListener('connect', onConnect).removeListener('error', onError);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('connect', onConnect).once('error', onError);
  });
}

async function addressOf(endpoint: Endpoint): Promise<string> {
  if (endpoint.file.endsWith('.sock')) return endpoint.file;
  const address = (await readIfExists(endpoint.file))?.toString('utf8') ?? '';
  if (!pipePattern.test(address)) throw new Error(`${endpoint.file} names no pipe`);
  return address;
}

/** How long an entry that refuses connections may belong to a broker that is just starting. */
const STARTING_MS = 60_000;

/** Removes the entries of brokers that ended without doing so themselves. Never rejects. */
export async function sweepDeadEndpoints(dir: string): Promise<void> {
  const endpoints = await listEndpoints(dir).catch(() => []);
  await Promise.all(endpoints.map(async (endpoint) => (await isDead(endpoint)) && remove(endpoint.file)));
}

async function isDead(endpoint: Endpoint): Promise<boolean> {
  try {
    (await dial(endpoint, AbortSignal.timeout(1000))).destroy();
    return false;
  } catch (error) {
    const refused = ['ECONNREFUSED', 'ENOENT'].includes(errnoOf(error) ?? '');
    // Between bind() and listen() a live socket refuses, too.
    return refused && (!isAlive(endpoint.pid) || (await ageMs(endpoint.file)) > STARTING_MS);
  }
}

async function ageMs(file: string): Promise<number> {
  const stat = await fs.lstat(file).catch(() => undefined);
  return stat ? Date.now() - stat.mtimeMs : 0;
}

/** Removes an entry; one that is gone or cannot be removed is skipped by whoever tries it. */
async function remove(file: string): Promise<void> {
  await fs.rm(file, { force: true }).catch(() => undefined);
}
