/** A local cloud from start to end: finds its state and runtime, serves, and leaves nothing behind. */
import { delay } from '../base/async';
import { describeError } from '../base/errors';
import { withFileLock } from '../base/fileLock';
import { ensurePrivateDir, readIfExists } from '../base/files';
import type { Logger } from '../base/logger';
import { Boxes } from './boxes';
import { Executions } from './executions';
import {
  probeServer,
  ownsServerRecord,
  readServerRecord,
  removeServerRecord,
  statePaths,
  writeServerRecord,
  type StatePaths,
} from './record';
import { PipeFactory } from '../processes/pipes';
import { chooseRuntime } from './runtimes/probe';
import { loadPty } from './runtimes/pty';
import type { RuntimeName } from './runtimes/runtime';
import { ApiServer, ServerError } from './server';
import { BoxStore } from './store';
import { ensureToken } from './token';
import { Upkeep } from './upkeep';

const SWEEP_MS = 1_000;
/** How long clients have to read how their commands ended before they are dropped. */
const FAREWELL_MS = 200;

export interface ServeOptions {
  readonly port: number;
  readonly stateDir: string;
  /** Default: in the state folder. */
  readonly tokenFile?: string;
  readonly runtime?: RuntimeName;
  /** The server ends when no box ran and nobody used it for so long; 0: never. */
  readonly idleExitSeconds: number;
  readonly log: Logger;
  readonly env: NodeJS.ProcessEnv;
}

export interface ReadyMessage {
  readonly url: string;
  readonly tokenFile: string;
  readonly runtime: RuntimeName;
}

/** Runs a server until `signal` aborts or it was idle for too long. `onReady` is called once it answers. */
export async function serve(
  options: ServeOptions,
  onReady: (message: ReadyMessage) => void,
  signal: AbortSignal,
): Promise<void> {
  const paths = statePaths(options.stateDir);
  await ensurePrivateDir(paths.dir);
  // Held while starting only: from then on the record tells others that this server is here.
  const cloud = await withFileLock(`${paths.record}.lock`, async () => {
    await refuseSecond(paths);
    return startCloud(options, paths);
  });
  try {
    onReady(cloud.ready);
    await untilDone(cloud, options, paths, signal);
  } finally {
    await cloud.end();
    await removeServerRecord(paths);
  }
}

interface RunningCloud {
  readonly ready: ReadyMessage;
  /** When somebody last did more than to list boxes, in milliseconds since the epoch. */
  lastUse(): number;
  isNeeded(): boolean;
  sweep(): Promise<void>;
  end(): Promise<void>;
}

async function startCloud(options: ServeOptions, paths: StatePaths): Promise<RunningCloud> {
  const { log, env } = options;
  const tokenFile = options.tokenFile ?? paths.token;
  const token = await ensureToken(tokenFile);
  const context = { log, env, scratchDir: paths.dir, pipes: new PipeFactory(paths.pipes, log) };
  const [runtime] = await Promise.all([
    chooseRuntime(options.runtime, context),
    // Whoever needs a terminal is told that there is none; others need not know.
    loadPty().catch((error: unknown) => log.debug(describeError(error))),
  ]);
  const boxes = new Boxes({
    store: new BoxStore(paths.boxes),
    runtime,
    openRuntime: (name) => chooseRuntime(name, context),
    isBusy: (id) => executions.running(id) > 0,
    log,
  });
  const executions = new Executions((id) => boxes.touch(id));
  await boxes.load();
  let lastUse = Date.now();
  let ending = false;
  const server = await ApiServer.listen(
    {
      boxes,
      executions,
      runtime,
      token,
      log,
      onUse: () => (lastUse = Date.now()),
      isEnding: () => ending,
    },
    options.port,
  );
  const ready = { url: server.url, tokenFile, runtime: runtime.name };
  await writeServerRecord(paths, { ...ready, pid: process.pid });
  return {
    ready,
    lastUse: () => lastUse,
    isNeeded: () => boxes.isNeeded,
    sweep: () => boxes.sweep(),
    end: async () => {
      ending = true;
      await boxes.stopAll();
      await new Promise((resolve) => setTimeout(resolve, FAREWELL_MS));
      executions.dispose();
      await server.close();
    },
  };
}

/**
 * Throws if the server of the record still runs, even if it does not answer: its boxes are its own. A record of a
 * dead one means nothing.
 */
async function refuseSecond(paths: StatePaths): Promise<void> {
  const record = await readServerRecord(paths);
  const token = record && (await readIfExists(record.tokenFile));
  if (!record || !token) return;
  const state = await probeServer(record, token.toString('utf8').trim());
  if (state === 'dead') return;
  const silent = state === 'busy' ? ', though it does not answer at the moment' : '';
  throw new ServerError(
    'already-running',
    `A local cloud with the state folder ${paths.dir} runs already at ${record.url} (process ${record.pid})${silent}; ` +
      'use that one, end it first, or choose another folder with --state',
  );
}

async function untilDone(
  cloud: RunningCloud,
  options: ServeOptions,
  paths: StatePaths,
  signal: AbortSignal,
): Promise<void> {
  const { log, idleExitSeconds } = options;
  const idleMs = idleExitSeconds > 0 ? idleExitSeconds * 1000 : Infinity;
  const upkeep = new Upkeep(log);
  let lastNeeded = Date.now();
  let wasNeeded = false;
  while (!signal.aborted) {
    await cloud.sweep();
    const isOurs = await upkeep.attempt('record', 'look who serves this state folder', () =>
      ownsServerRecord(paths),
    );
    // Nobody would find this server again, and another may be started beside it.
    if (isOurs === false) {
      log.warn(`Ending: ${paths.record} is no longer this server's`);
      return;
    }
    const isNeeded = cloud.isNeeded();
    // The last box may just have been stopped: the wait begins now, not at the look before.
    if (isNeeded || wasNeeded) lastNeeded = Date.now();
    wasNeeded = isNeeded;
    if (Date.now() - Math.max(lastNeeded, cloud.lastUse()) >= idleMs) {
      log.info(`Ending: no box ran and nobody used it for ${idleExitSeconds} s`);
      return;
    }
    await pause(SWEEP_MS, signal);
  }
  log.info(`Ending: ${describeError(signal.reason)}`);
}

/** Waits; an abort ends it early and quietly. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, signal).catch(() => undefined);
}
