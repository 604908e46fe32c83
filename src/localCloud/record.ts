/** Where a local cloud keeps its state, and how others find the running server. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import * as v from 'valibot';
import { readIfExists, writeFileAtomic } from '../base/files';
import { dataDir } from '../base/paths';

/** How long a server may take to answer before it counts as dead. */
const ANSWER_MS = 3_000;

const serverRecord = v.object({
  url: v.pipe(v.string(), v.url()),
  pid: v.pipe(v.number(), v.integer()),
  tokenFile: v.string(),
  runtime: v.picklist(['docker', 'bubblewrap', 'process']),
  version: v.string(),
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
  return path.join(dataDir(env), 'local-cloud');
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
 * - `dead`: nothing answers there, or something else does
 */
export type ServerState = 'alive' | 'ending' | 'dead';

/** Asks the server of a record how it is. `token`: the one in the record's token file. */
export async function probeServer(
  record: ServerRecord,
  token: string,
  signal?: AbortSignal,
): Promise<ServerState> {
  const limit = AbortSignal.timeout(ANSWER_MS);
  try {
    const response = await fetch(new URL('/v1/me', record.url), {
      headers: { authorization: `Bearer ${token}` },
      redirect: 'error',
      signal: signal ? AbortSignal.any([limit, signal]) : limit,
    });
    await response.body?.cancel();
    if (response.status === 503) return 'ending';
    return response.ok ? 'alive' : 'dead';
  } catch (error) {
    if (signal?.aborted) throw error;
    return 'dead';
  }
}
