/** Finds the local cloud of this user, and starts it if it is not running. Part of the extension's bundle. */
import { spawn, type ChildProcess } from 'node:child_process';
import * as fs from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { abortReason, abortable, delay } from '../base/async';
import { CodedError, describeError } from '../base/errors';
import { ensurePrivateDir, readIfExists } from '../base/files';
import type { Logger } from '../base/logger';
import { defaultStateDir, probeServer, readServerRecord, statePaths, type StatePaths } from './record';
import type { RuntimeName } from './runtimes/runtime';

const START_MS = 20_000;
/** A server that is ending stops its boxes first, which takes a second or so each. */
const ENDING_MS = 20_000;
const POLL_MS = 100;
/** A log that is longer is started anew. */
const MAX_LOG_BYTES = 1024 * 1024;
const MAX_MESSAGE_CHARACTERS = 600;

/** The local cloud did not start; the message has its own words. */
export class LauncherError extends CodedError<'not-started'> {}

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
  /** True: this call started it. */
  readonly started: boolean;
}

/**
 * Resolves with the running server. Any number of callers and processes may ask at once; one server results. It
 * outlives the caller, and ends by itself when nothing needs it. Rejects with a {@link LauncherError} or the signal's
 * reason.
 */
export async function ensureLocalCloud(options: LaunchOptions): Promise<LocalCloud> {
  const paths = statePaths(options.stateDir ?? defaultStateDir({ ...process.env, ...options.env }));
  const running = await findRunning(paths, options.signal);
  if (running) return { ...running, started: false };
  await ensurePrivateDir(paths.dir);
  const failure = await start(options, paths);
  const server = await findRunning(paths, options.signal);
  // Another caller's server may have won; ours then ended by itself.
  if (server) return { ...server, started: failure === undefined };
  throw new LauncherError('not-started', `The local cloud did not start: ${failure ?? 'it ended at once'}`);
}

/** Whether this user's local cloud runs; never starts it. */
export async function isLocalCloudRunning(signal?: AbortSignal): Promise<boolean> {
  return (await findRunning(statePaths(defaultStateDir(process.env)), signal)) !== undefined;
}

async function findRunning(
  paths: StatePaths,
  signal: AbortSignal | undefined,
): Promise<Omit<LocalCloud, 'started'> | undefined> {
  for (const end = Date.now() + ENDING_MS; Date.now() < end;) {
    const record = await readServerRecord(paths);
    const token = record && (await readIfExists(record.tokenFile))?.toString('utf8').trim();
    if (!record || !token) return undefined;
    const state = await probeServer(record, token, signal);
    if (state === 'alive') return { url: record.url, token, runtime: record.runtime };
    if (state === 'dead') return undefined;
    await delay(POLL_MS, signal);
  }
  return undefined;
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
      return ready ? undefined : await lastWords(paths.log, offset);
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
  const limit = AbortSignal.timeout(START_MS);
  try {
    return await abortable(
      Promise.race([firstLine(child.stdout), ended(child)]),
      signal ? AbortSignal.any([signal, limit]) : limit,
    );
  } catch (cause) {
    child.kill('SIGTERM');
    if (signal?.aborted) throw abortReason(signal);
    const reason = limit.aborted ? `it was not ready after ${START_MS / 1000} s` : describeError(cause);
    throw new LauncherError('not-started', `The local cloud did not start: ${reason}`, { cause });
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

async function lastWords(file: string, offset: number): Promise<string> {
  const text = (await fs.readFile(file, 'utf8')).slice(offset).trim();
  const lines = text.split('\n').filter((line) => line.startsWith('localCloud: '));
  const words = lines.map((line) => line.slice('localCloud: '.length)).join(' ') || text;
  return words.slice(-MAX_MESSAGE_CHARACTERS) || `see ${file}`;
}
