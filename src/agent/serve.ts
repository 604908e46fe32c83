import type { Duplex } from 'node:stream';
import { CarrierAcceptor } from '../agentProtocol/carrierAcceptor';
import { createDeferred, type Deferred } from '../base/async';
import { DisposableStore, type Disposable } from '../base/disposable';
import { describeError } from '../base/errors';
import { logFailure, type Logger } from '../base/logger';
import type { AgentFolder } from './agentFolder';
import { listenInFolder } from './carriers/localSocket';
import { FirstPort } from './carriers/firstPort';
import { listenOnPort } from './carriers/publicPort';
import { createHost } from './host';
import { Sessions } from './sessions';

/** XDG Base Directory Specification, on what is in $XDG_RUNTIME_DIR. */
const REFRESH_MS = 6 * 3600 * 1000;

export interface ServeOptions {
  readonly folder: AgentFolder;
  readonly version: string;
  /** Public ports, of which it listens on one: the first that can be had. */
  readonly ports: readonly number[];
  /** How long a session is kept without a carrier. */
  readonly sessionMs: number;
  /** The agent ends when it had no session for so long. */
  readonly idleExitMs: number;
  readonly env: NodeJS.ProcessEnv;
  readonly log: Logger;
}

/**
 * Runs an agent. Resolves when it had no session for a while, or, once the signal has aborted, when it has none.
 * Rejects as {@link listenInFolder} does.
 */
export async function serve(options: ServeOptions, signal: AbortSignal): Promise<void> {
  const { folder, version, log } = options;
  const owned = new DisposableStore();
  try {
    const ending = createDeferred<string>();
    const sessions = createSessions(options, ending, signal, owned);
    const carriers = owned.add(acceptorOf(sessions, log));
    owned.add(await listenInFolder(folder, carriers.accept, log));
    const port = owned.add(await openPort(options, sessions, carriers));
    log.info(`agent ${version} serves ${folder.path}`);
    const refreshing = setInterval(
      () => logFailure(log, 'its files may be cleared', folder.refresh()),
      REFRESH_MS,
    );
    owned.defer(() => clearInterval(refreshing));
    signal.addEventListener('abort', () => sessions.endOnceEmpty(), { once: true });
    // Only now: whoever had it started could not come before.
    sessions.endOnceEmpty();
    const reason = await ending.promise;
    // At once: a session that began now would end with this process.
    carriers.dispose();
    await port.end();
    await folder.removeSecrets();
    await folder.removeRecord();
    log.info(`agent ends: ${reason}`);
  } finally {
    owned.dispose();
  }
}

/** Sessions that settle `ending` with the reason to end. */
function createSessions(
  { folder, version, env, log, sessionMs, idleExitMs }: ServeOptions,
  ending: Deferred<string>,
  signal: AbortSignal,
  owned: DisposableStore,
): Sessions {
  let idle: NodeJS.Timeout | undefined;
  const onEmpty = (): void => {
    clearTimeout(idle);
    if (signal.aborted) ending.resolve('it was told to, and has no session');
    else idle = setTimeout(() => ending.resolve('it was not used for a while'), idleExitMs);
  };
  owned.defer(() => clearTimeout(idle));
  return new Sessions({
    host: createHost({ env, pipesDir: folder.pipes, log }),
    version,
    secretOf: (keyId) => folder.readSecret(keyId, log),
    keepMs: sessionMs,
    onBegin: () => clearTimeout(idle),
    onEmpty,
  });
}

/** The folder's record tells of the port. */
function openPort(
  { folder, version, ports, log }: ServeOptions,
  sessions: Sessions,
  carriers: Carriers,
): Promise<FirstPort> {
  const startedAt = new Date().toISOString();
  const secretOf = sessions.secretOf.bind(sessions);
  return FirstPort.open({
    ports,
    listen: (port) => listenOnPort({ port, secretOf, onCarrier: carriers.accept, log }),
    onListening: (open) => folder.writeRecord({ pid: process.pid, version, ports: open, startedAt }),
    log,
  });
}

interface Carriers extends Disposable {
  readonly accept: (carrier: Duplex) => void;
}

function acceptorOf(sessions: Sessions, log: Logger): Carriers {
  const acceptor = new CarrierAcceptor(sessions);
  return {
    accept: (carrier) => {
      acceptor.accept(carrier).catch((error: unknown) => log.debug(`a carrier: ${describeError(error)}`));
    },
    dispose: () => acceptor.dispose(),
  };
}
