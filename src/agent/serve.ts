import type { Duplex } from 'node:stream';
import { CarrierAcceptor } from '../agentProtocol/carrierAcceptor';
import { createDeferred, type Deferred } from '../base/async';
import { DisposableStore, type Disposable } from '../base/disposable';
import { describeError } from '../base/errors';
import type { Logger } from '../base/logger';
import type { AgentFolder } from './agentFolder';
import { listenInFolder } from './carriers/localSocket';
import { listenOnPort } from './carriers/publicPort';
import { createHost } from './host';
import { Sessions } from './sessions';

export interface ServeOptions {
  readonly folder: AgentFolder;
  readonly version: string;
  /** Public ports to listen on; one that cannot be had is passed over. */
  readonly ports: readonly number[];
  /** How long a session is kept without a carrier. */
  readonly sessionMs: number;
  /** The agent ends when it had no session for so long. */
  readonly idleExitMs: number;
  readonly env: NodeJS.ProcessEnv;
  readonly log: Logger;
}

/**
 * Runs an agent. Once the signal aborts it takes no further sessions. Resolves when there has been none for a while,
 * or, after the signal, when there is none. Rejects as {@link listenInFolder} does.
 */
export async function serve(options: ServeOptions, signal: AbortSignal): Promise<void> {
  const { folder, version, log } = options;
  const owned = new DisposableStore();
  try {
    const ending = createDeferred<string>();
    const sessions = createSessions(options, ending, signal, owned);
    const carriers = owned.add(acceptorOf(sessions, log));
    const server = await listenInFolder(folder, carriers.accept);
    owned.defer(() => server.close());
    const ports = await listenOnPorts(options, sessions, carriers, owned);
    await folder.writeRecord({ pid: process.pid, version, ports, startedAt: new Date().toISOString() });
    log.info(`agent ${version} serves ${folder.path}, ports: ${ports.join(', ') || 'none'}`);
    signal.addEventListener('abort', () => sessions.drain(), { once: true });
    if (signal.aborted) sessions.drain();
    const reason = await ending.promise;
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
    if (signal.aborted) ending.resolve('it was told to, and has no session');
    else idle = setTimeout(() => ending.resolve('it was not used for a while'), idleExitMs);
  };
  owned.defer(() => clearTimeout(idle));
  onEmpty();
  return new Sessions({
    host: createHost({ env, pipesDir: folder.pipes, log }),
    version,
    secretOf: (keyId) => folder.readSecret(keyId, log),
    keepMs: sessionMs,
    onBegin: () => clearTimeout(idle),
    onEmpty,
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

/** Those that it listens on. */
async function listenOnPorts(
  { ports, log }: ServeOptions,
  sessions: Sessions,
  { accept }: Carriers,
  owned: DisposableStore,
): Promise<number[]> {
  const open: number[] = [];
  for (const port of ports) {
    try {
      const secretOf = sessions.secretOf.bind(sessions);
      owned.add(await listenOnPort({ port, secretOf, onCarrier: accept }));
      open.push(port);
    } catch (error) {
      log.warn(`port ${port} cannot be had: ${describeError(error)}`);
    }
  }
  return open;
}
