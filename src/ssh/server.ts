import type { Duplex } from 'node:stream';
import ssh2, { type AuthContext, type Connection, type KexAlgorithm } from 'ssh2';
import { createDeferred } from '../base/async';
import { describeError, describeErrorChain } from '../base/errors';
import type { Logger } from '../base/logger';
import { createAgentForwarder } from './agentForwarding';
import type { Backend, BackendFeatures } from './backend';
import { ClientChannels } from './clientChannels';
import { ForwardedStreams } from './forwardedStreams';
import { serveForwards } from './forwarding';
import { SSH_IDENT } from './greeting';
import { acceptLongPackets } from './incomingPackets';
import { sparePackets } from './outgoingPackets';
import { serveRemoteForwards } from './remoteForwards';
import { serveSession } from './session';
import './ssh2Commands';
import {
  injectStream,
  protocolOf,
  sendAuthBanner,
  sendDisconnect,
  takeRunningSessionRequests,
} from './ssh2Internals';
import { takeTerminalModes } from './ssh2TerminalModes';

/** Well below the least that a person would set as ServerAliveInterval × ServerAliveCountMax. */
const BANNER_INTERVAL_MS = 2000;
/** ssh2 pings by default and gives up after 45 s; our peer is a pipe, and a stopped ssh is not a dead one. */
const NEVER_MS = 2 ** 31 - 1;
/** What ssh2 offers as a server, and then cannot do: clients that prefer it would not get in. */
const UNSERVED_KEX: KexAlgorithm[] = ['diffie-hellman-group-exchange-sha256'];
/** For what channels say when the sandbox is lost. */
const LAST_WORDS_MS = 250;

export interface BridgeOptions {
  /** The local ssh's end: a stream that has been greeted. */
  readonly stream: Duplex;
  /** Private ed25519 key, OpenSSH format. */
  readonly hostKey: string;
  readonly backend: Backend;
  /** The outcome of {@link Backend.ready}; authentication is held until it settles. */
  readonly ready: Promise<BackendFeatures>;
  /** Aborts, with the reason, when the sandbox is lost for good. */
  readonly lost?: AbortSignal;
  /** What the wait is about, shown in banners while authentication is held. */
  readonly progress: () => string;
  readonly log: Logger;
}

/** An SSH server for the one client at the other end of our pipes. Resolves when that client is gone. */
export async function serveBridge(options: BridgeOptions): Promise<void> {
  const { log } = options;
  const closed = createDeferred<undefined>();
  const server = new ssh2.Server(
    {
      hostKeys: [options.hostKey],
      ident: SSH_IDENT,
      keepaliveInterval: NEVER_MS,
      algorithms: { kex: { append: [], prepend: [], remove: UNSERVED_KEX } },
    },
    (connection) => serveConnection(connection, options),
  );
  options.stream.once('close', () => closed.resolve(undefined));
  // Once all that we had to say is written there is nothing to wait for: the client may never close its end.
  options.stream.once('finish', () => options.stream.destroy());
  injectStream(server, options.stream);
  await closed.promise;
  log.debug('client gone');
  await options.backend.close();
}

function serveConnection(connection: Connection, options: BridgeOptions): void {
  const { log } = options;
  connection.on('error', (error: unknown) => log.debug(`ssh: ${describeErrorChain(error)}`));
  endWhenLost(connection, options);
  takeRunningSessionRequests(connection);
  sparePackets(connection);
  acceptLongPackets(connection);
  // Who may use our pipes has been decided by who started us. A client that begins with a key or a password, as some
  // do that never ask for "none", is let in too: to refuse would only keep it out.
  connection.on('authentication', (auth) => holdAuthentication(connection, auth, options));
  options.ready.then(
    (features) => connection.once('ready', () => serveChannels(connection, features, options)),
    () => undefined,
  );
}

function serveChannels(
  connection: Connection,
  features: BackendFeatures,
  { backend, log }: BridgeOptions,
): void {
  const streams = new ForwardedStreams(connection);
  const channels = new ClientChannels(connection, streams, log);
  const context = {
    backend,
    features,
    terminalModes: () => takeTerminalModes(protocolOf(connection)),
    onAgentConnection: createAgentForwarder(connection, channels),
    log,
  };
  connection.on('session', (accept) => serveSession(accept(), context));
  serveForwards(connection, context, streams);
  serveRemoteForwards(connection, context, channels);
}

/** Tells the client why, once each channel has had time to say so for itself. */
function endWhenLost(connection: Connection, { lost, stream }: BridgeOptions): void {
  if (!lost) return;
  const end = (): void => {
    sendDisconnect(connection, describeError(lost.reason));
    stream.end();
  };
  let timer: NodeJS.Timeout | undefined;
  const onLost = (): void => void (timer = setTimeout(end, LAST_WORDS_MS));
  lost.addEventListener('abort', onLost, { once: true });
  connection.once('close', () => {
    lost.removeEventListener('abort', onLost);
    clearTimeout(timer);
  });
}

/** Answers once the sandbox does, and shows the client signs of life until then. */
function holdAuthentication(
  connection: Connection,
  auth: AuthContext,
  { ready, progress, stream }: BridgeOptions,
): void {
  const banners = setInterval(() => sendAuthBanner(connection, progress()), BANNER_INTERVAL_MS);
  const release = (): void => clearInterval(banners);
  connection.once('close', release);
  ready.then(
    () => {
      release();
      auth.accept();
    },
    (error: unknown) => {
      release();
      if (stream.destroyed) return;
      sendDisconnect(connection, describeError(error));
      stream.end();
    },
  );
}
