/** Finds the local cloud of this user, and starts it if it is not running. Part of the extension's bundle. */
import { spawn, type ChildProcess } from 'node:child_process';
import * as fs from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { abortReason, abortable, delay } from '../base/async';
import { createDeadline } from '../base/deadline';
import { CodedError, describeError } from '../base/errors';
import { LOCK_PATIENCE_MS } from '../base/fileLock';
import { ensurePrivateDir, readIfExists } from '../base/files';
import type { Logger } from '../base/logger';
import {
  defaultStateDir,
  probeServer,
  readServerRecord,
  statePaths,
  type ServerRecord,
  type StatePaths,
} from './record';
import type { RuntimeName } from './runtimes/runtime';
import { startFailure } from './startFailure';

/**
 * From spawning a server until it is ready. It first waits for the start of another to end, and must have the time to
 * say that this one won; what is left is for its own start: a program to load and runtimes to probe.
 */
const START_MS = LOCK_PATIENCE_MS + 25_000;
/** A server that is ending stops its boxes first, which takes a second or so each; a busy one may recover. */
const PATIENCE_MS = 20_000;
const POLL_MS = 100;
/** A log that is longer is started anew. */
const MAX_LOG_BYTES = 1024 * 1024;

/**
 * - `not-started`: the local cloud did not start; the message has its own words
 * - `not-answering`: its process is there and does not answer
 */
export class LauncherError extends CodedError<'not-started' | 'not-answering'> {}

export interface LaunchOptions {
  /** A Node runtime, such as `[process.execPath]`. */
  readonly nodeCommand: readonly [string, ...string[]];
  /** Variables added to this process's environment, such as ELECTRON_RUN_AS_NODE. */
  readonly env?: Readonly<Record<string, string>>;
  /** Path of the bundled `localCloud.js`. */
  readonly script: string;
  /** Default: this user's. */
  readonly stateDir?: string;
  /** Asked for when a server is started; one that runs is used as it is. */
  readonly runtime?: RuntimeName;
  readonly log: Logger;
  readonly signal?: AbortSignal;
}

export interface LocalCloud {
  readonly url: string;
  /** Secret. */
  readonly token: string;
  readonly runtime: RuntimeName;
}

export interface EnsuredCloud extends LocalCloud {
  /** True: this call started it. */
  readonly started: boolean;
}

/**
 * Resolves with the running server. Any number of callers and processes may ask at once; one server results. It
 * outlives the caller, and ends by itself when nothing needs it. Rejects with a {@link LauncherError} or the signal's
 * reason.
 */
export async function ensureLocalCloud(options: LaunchOptions): Promise<EnsuredCloud> {
  const paths = statePaths(options.stateDir ?? defaultStateDir({ ...process.env, ...options.env }));
  const running = await waitForRunning(paths, options.signal);
  if (running) return { ...running, started: false };
  await ensurePrivateDir(paths.dir);
  const failure = await start(options, paths);
  const server = await waitForRunning(paths, options.signal);
  // Another caller's server may have won; ours then ended by itself.
  if (server) return { ...server, started: failure === undefined };
  throw new LauncherError('not-started', `The local cloud did not start: ${failure ?? 'it ended at once'}`);
}

/**
 * This user's local cloud if it runs; undefined if it does not, or is ending. Never starts it, and does not keep it
 * from ending when nothing else needs it. Rejects as `not-answering` after a few seconds, or with the signal's reason.
 */
export async function findLocalCloud(
  signal?: AbortSignal,
  stateDir = defaultStateDir(),
): Promise<LocalCloud | undefined> {
  const sighting = await look(statePaths(stateDir), signal);
  if (sighting.state === 'busy') throw notAnswering(sighting.record);
  return sighting.state === 'alive' ? sighting.cloud : undefined;
}

/** Waits for a server that is ending or busy, as long as {@link PATIENCE_MS}. Undefined: none runs. */
async function waitForRunning(
  paths: StatePaths,
  signal: AbortSignal | undefined,
): Promise<LocalCloud | undefined> {
  for (const end = Date.now() + PATIENCE_MS; ;) {
    const sighting = await look(paths, signal);
    if (sighting.state === 'alive') return sighting.cloud;
    if (sighting.state === 'dead') return undefined;
    if (Date.now() >= end) throw notAnswering(sighting.record);
    await delay(POLL_MS, signal);
  }
}

type Sighting =
  | { readonly state: 'alive'; readonly cloud: LocalCloud }
  | { readonly state: 'busy' | 'ending'; readonly record: ServerRecord }
  | { readonly state: 'dead' };

/** The server of a state folder as it is now. */
async function look(paths: StatePaths, signal: AbortSignal | undefined): Promise<Sighting> {
  const record = await readServerRecord(paths);
  const token = record && (await readIfExists(record.tokenFile))?.toString('utf8').trim();
  if (!record || !token) return { state: 'dead' };
  const state = await probeServer(record, token, signal);
  if (state === 'dead') return { state };
  if (state !== 'alive') return { state, record };
  return { state, cloud: { url: record.url, token, runtime: record.runtime } };
}

function notAnswering({ pid }: ServerRecord): LauncherError {
  return new LauncherError(
    'not-answering',
    `The local cloud (process ${pid}) is there and does not answer; try again in a moment, or end that process`,
  );
}

/** Undefined once the server is ready, else why it is not. */
async function start(options: LaunchOptions, paths: StatePaths): Promise<string | undefined> {
  const log = await openLog(paths.log);
  try {
    const offset = (await log.stat()).size;
    const child = spawnServer(options, paths, log.fd);
    try {
      const ready = await waitUntilReady(child, options.signal);
      if (ready)
        options.log.info(`Started the local cloud, process ${child.pid ?? 0}; its log is ${paths.log}`);
      return ready ? undefined : startFailure(await readFrom(paths.log, offset), paths.log);
    } finally {
      letGo(child);
    }
  } finally {
    await log.close();
  }
}

async function openLog(file: string): Promise<fs.FileHandle> {
  const size = (await fs.stat(file).catch(() => undefined))?.size ?? 0;
  return fs.open(file, size > MAX_LOG_BYTES ? 'w' : 'a', 0o600);
}

function spawnServer(options: LaunchOptions, paths: StatePaths, logFd: number): ChildProcess {
  const [program, ...args] = options.nodeCommand;
  const runtime = options.runtime ? ['--runtime', options.runtime] : [];
  return spawn(program, [...args, options.script, 'serve', '--state', paths.dir, ...runtime], {
    // A session of its own, away from any folder that somebody may want to remove.
    detached: true,
    cwd: paths.dir,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', logFd],
    windowsHide: true,
  });
}

/** False: it ended first. One that takes too long, or that nobody waits for any more, is ended. */
async function waitUntilReady(child: ChildProcess, signal: AbortSignal | undefined): Promise<boolean> {
  const late = (): Error => new Error(`it was not ready after ${START_MS / 1000} s`);
  const limit = createDeadline(START_MS, late, signal);
  try {
    return await abortable(Promise.race([firstLine(child.stdout), ended(child)]), limit.signal);
  } catch (cause) {
    child.kill('SIGTERM');
    if (signal?.aborted) throw abortReason(signal);
    throw new LauncherError('not-started', `The local cloud did not start: ${describeError(cause)}`, {
      cause,
    });
  } finally {
    limit.dispose();
  }
}

function firstLine(stdout: Readable | null): Promise<boolean> {
  return new Promise((resolve) => {
    if (stdout) createInterface(stdout).once('line', () => resolve(true));
  });
}

function ended(child: ChildProcess): Promise<boolean> {
  return new Promise((resolve, reject) => {
    child.once('exit', () => resolve(false));
    child.once('error', reject);
  });
}

/** The server goes on without this process, and this process may end without waiting for it. */
function letGo(child: ChildProcess): void {
  child.stdout?.destroy();
  child.unref();
}

/** The text of a file from that byte on. */
async function readFrom(file: string, offset: number): Promise<string> {
  return (await fs.readFile(file)).subarray(offset).toString('utf8');
}
