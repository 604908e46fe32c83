/** Where a local cloud keeps its state, and how others find the running server. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import * as v from 'valibot';
import { createDeadline } from '../base/deadline';
import { errnoOf } from '../base/errors';
import { readIfExists, writeFileAtomic } from '../base/files';
import { dataDir, surroundingsHere } from '../base/paths';
import { isAlive } from '../base/processes';

/** How long one question to a server may take. */
const ANSWER_MS = 3_000;

const serverRecord = v.object({
  url: v.pipe(v.string(), v.url()),
  pid: v.pipe(v.number(), v.integer()),
  tokenFile: v.string(),
  runtime: v.picklist(['docker', 'bubblewrap', 'process']),
});

/** What a running server leaves for others to find it. */
export type ServerRecord = v.InferOutput<typeof serverRecord>;

export interface StatePaths {
  readonly dir: string;
  readonly boxes: string;
  readonly token: string;
  readonly record: string;
  readonly log: string;
  /** Folder of named pipes under way. */
  readonly pipes: string;
}

export function defaultStateDir(env: NodeJS.ProcessEnv = process.env): string {
  return path.join(dataDir(surroundingsHere(env)), 'local-cloud');
}

export function statePaths(dir: string): StatePaths {
  return {
    dir,
    boxes: path.join(dir, 'boxes'),
    token: path.join(dir, 'token'),
    record: path.join(dir, 'server.json'),
    log: path.join(dir, 'server.log'),
    pipes: path.join(dir, 'pipes'),
  };
}

/** The record of the last server, which may be gone. An unreadable one says nothing and is treated as none. */
export async function readServerRecord(paths: StatePaths): Promise<ServerRecord | undefined> {
  const bytes = await readIfExists(paths.record);
  if (!bytes) return undefined;
  try {
    return v.parse(serverRecord, JSON.parse(bytes.toString('utf8')));
  } catch {
    return undefined;
  }
}

export async function writeServerRecord(paths: StatePaths, record: ServerRecord): Promise<void> {
  await writeFileAtomic(paths.record, `${JSON.stringify(record)}\n`);
}

/** Whether the record is that of this process. */
export async function ownsServerRecord(paths: StatePaths): Promise<boolean> {
  return (await readServerRecord(paths))?.pid === process.pid;
}

/** Removes this process's record, unless another server's has taken its place. */
export async function removeServerRecord(paths: StatePaths): Promise<void> {
  if (await ownsServerRecord(paths)) await fs.rm(paths.record, { force: true });
}

/**
 * - `alive`: it answers and accepts our token
 * - `ending`: it is stopping its boxes; a new one can start in a moment
 * - `busy`: its process is there and does not answer in time, such as on a computer that just woke up
 * - `dead`: nothing listens there, or something else does
 */
export type ServerState = 'alive' | 'ending' | 'busy' | 'dead';

/**
 * Asks the server of a record how it is. `token`: the one in the record's token file. Rejects with the signal's
 * reason only.
 */
export async function probeServer(
  record: ServerRecord,
  token: string,
  signal?: AbortSignal,
  answerMs = ANSWER_MS,
): Promise<ServerState> {
  // Nothing is sent to whoever has its port now: the token would tell them how to use the next server.
  if (!isAlive(record.pid)) return 'dead';
  const limit = createDeadline(answerMs, () => new Error(`No answer within ${answerMs} ms`), signal);
  try {
    const response = await fetch(new URL('/v1/me', record.url), {
      headers: { authorization: `Bearer ${token}` },
      redirect: 'manual',
      signal: limit.signal,
    });
    await response.body?.cancel();
    if (response.status === 503) return 'ending';
    return response.ok ? 'alive' : 'dead';
  } catch (error) {
    if (signal?.aborted) throw error;
    return !isRefused(error) && isAlive(record.pid) ? 'busy' : 'dead';
  } finally {
    limit.dispose();
  }
}

/**
 * Whether the server is gone for certain: nothing listens there, or what does speaks no HTTP. Its process id does not
 * matter then, for a new process may have that number by now. No other failure proves as much.
 */
function isRefused(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  // Not by its code, which Node 24 and newer leave out.
  if (cause instanceof Error && cause.name === 'HTTPParserError') return true;
  return ['ECONNREFUSED', 'ECONNRESET', 'UND_ERR_SOCKET'].includes(errnoOf(cause) ?? '');
}
