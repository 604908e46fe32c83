import type { Duplex } from 'node:stream';
import type { ServerChannel, Session } from 'ssh2';
import { createDeferred } from '../base/async';
import { describeError, describeErrorChain } from '../base/errors';
import type { Logger } from '../base/logger';
import type { RemoteProcess, SignalName } from '../cloud/provider';
import type { Backend, BackendFeatures, SessionRequest, TerminalRequest } from './backend';
import { ChannelOutput } from './channelOutput';
import { hangUp } from './hangUp';
import { onEndOfWrite } from './ssh2Internals';
import type { TerminalModes } from './terminalModes';

export interface BridgeContext {
  readonly backend: Backend;
  readonly features: BackendFeatures;
  /** The modes of the `pty-req` that is being handled. */
  readonly terminalModes: () => TerminalModes;
  /** Leads a connection to the client's ssh-agent. Only for sessions whose client has asked for that. */
  readonly onAgentConnection: (stream: Duplex) => void;
  readonly log: Logger;
}

type Start = (signal: AbortSignal) => Promise<RemoteProcess>;

/** Bounds on what a client may store with us before its command starts. */
const MAX_ENV_COUNT = 256;
const MAX_ENV_BYTES = 64 * 1024;
const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** Sshd sets these itself, whatever the client says (ssh(1), ENVIRONMENT). */
const LOGIN_VARIABLES: ReadonlySet<string> = new Set([
  ...['HOME', 'LOGNAME', 'MAIL', 'PATH', 'SHELL', 'USER'],
  ...['SSH_CLIENT', 'SSH_CONNECTION'],
]);

/** The exit code of OpenSSH for a command that could not be run at all. */
const EXIT_FAILED_TO_START = 255;

/**
 * How long stderr stays open after the process has closed its own: why a process was lost is known a moment later.
 * One that closes its outputs and works on is not held up for longer.
 */
const LAST_WORDS_MS = 5000;

/** Serves one `session` channel (RFC 4254 section 6): it runs one program, in a terminal or not. */
export function serveSession(session: Session, context: BridgeContext): void {
  const request = collectRequest(session, context);
  const started = createDeferred<RemoteProcess>();
  // What comes while the program is being started reaches it as soon as it is there, in order.
  const tellProcess = (tell: (process: RemoteProcess) => void): void => void started.promise.then(tell);

  const run = (accept: () => ServerChannel, start: Start): void => {
    const channel = accept();
    const passesEnd = request.current().terminal === undefined;
    const onStarted = (process: RemoteProcess): void => started.resolve(process);
    void runOnChannel({ session, channel, context, start, passesEnd, onStarted });
  };

  session.on('window-change', (accept, _reject, { cols, rows }) => {
    request.resize(cols, rows);
    tellProcess((process) => process.resize({ columns: cols, rows }));
    acknowledge(accept);
  });
  session.on('signal', (accept, _reject, { name }) => {
    tellProcess((process) => process.signal(name as SignalName));
    acknowledge(accept);
  });
  session.on('shell', (accept) => {
    run(accept, (signal) => context.backend.shell(request.current(), signal));
  });
  session.on('exec', (accept, _reject, { command }) => {
    run(accept, (signal) => context.backend.exec(command, request.current(), signal));
  });
  // Listening for `sftp` would make ssh2 speak that protocol itself; `subsystem` gives the plain channel.
  session.on('subsystem', (accept, reject, { name }) => {
    if (name !== 'sftp' || !context.features.sftp) {
      context.log.info(`subsystem ${name} refused: the sandbox has nothing to serve it with`);
      reject();
      return;
    }
    run(accept, (signal) => context.backend.sftp(signal));
  });
}

/** Keeps what `env`, `pty-req` and `auth-agent-req@openssh.com` said until the program starts. */
function collectRequest(
  session: Session,
  { features, terminalModes, onAgentConnection, log }: BridgeContext,
): {
  current(): SessionRequest;
  resize(cols: number, rows: number): void;
} {
  const env: Record<string, string> = {};
  let envBytes = 0;
  let terminal: TerminalRequest | undefined;
  let lendsAgent = false;

  session.on('env', (accept, reject, { key, val }) => {
    envBytes += key.length + val.length;
    const isBounded = envBytes <= MAX_ENV_BYTES && Object.keys(env).length < MAX_ENV_COUNT;
    if (!isBounded || !ENV_NAME.test(key) || LOGIN_VARIABLES.has(key) || val.includes('\0')) {
      acknowledge(reject);
      return;
    }
    env[key] = val;
    acknowledge(accept);
  });
  session.on('pty', (accept, _reject, info) => {
    const { term = 'dumb' } = info as { term?: string }; // not in ssh2's types
    terminal = { type: term, columns: info.cols, rows: info.rows, modes: terminalModes() };
    acknowledge(accept);
  });
  session.on('auth-agent', (accept, reject) => {
    lendsAgent = features.listen;
    if (!lendsAgent) log.info('agent forwarding refused: nothing of ours can listen in the sandbox');
    acknowledge(lendsAgent ? accept : reject);
  });

  return {
    current: () => ({ env, ...(terminal && { terminal }), ...(lendsAgent && { onAgentConnection }) }),
    resize: (columns, rows) => {
      if (terminal) terminal = { ...terminal, columns, rows };
    },
  };
}

/** ssh2 passes no function for a request that wants no reply. */
function acknowledge(reply: (() => unknown) | undefined): void {
  reply?.();
}

interface Run {
  readonly session: Session;
  readonly channel: ServerChannel;
  readonly context: BridgeContext;
  readonly start: Start;
  /** Whether the end of the client's input is the program's. */
  readonly passesEnd: boolean;
  readonly onStarted: (process: RemoteProcess) => void;
}

async function runOnChannel({ session, channel, context, start, passesEnd, onStarted }: Run): Promise<void> {
  const output = new ChannelOutput(channel);
  const closed = new AbortController();
  // The session's event, not the channel's: that one waits until all input has been read.
  session.once('close', () => closed.abort());
  try {
    const process = await start(closed.signal);
    onStarted(process);
    const onClose = (): void => {
      output.release();
      void hangUp(process);
    };
    closed.signal.addEventListener('abort', onClose, { once: true });
    connect(process, channel, output, passesEnd);
    if (closed.signal.aborted) onClose();
    onEndOfWrite(session, () => {
      output.abandonStdout(() => {
        // SIGPIPE is not among the signals that every cloud can send.
        process.signal('HUP');
        void hangUp(process);
      });
    });
    await output.finish(await process.exited);
  } catch (error) {
    if (closed.signal.aborted) return;
    context.log.warn(`session ended: ${describeErrorChain(error)}`);
    await output.fail(`cloud-sandboxes: ${describeError(error)}\n`, EXIT_FAILED_TO_START);
  }
}

/**
 * Joins the process's streams with the channel's. The end of input is none to a terminal, as with sshd: a cloud would
 * type ^D for it, which the program may show, or take for something else.
 */
function connect(
  process: RemoteProcess,
  channel: ServerChannel,
  output: ChannelOutput,
  passesEnd: boolean,
): void {
  // A process that closed its input is no failure; the rest of what the client sends goes nowhere.
  process.stdin.on('error', () => channel.unpipe(process.stdin).resume());
  channel.pipe(process.stdin, { end: passesEnd });
  process.stdout.pipe(output.stdout);
  process.stderr.pipe(output.stderr, { end: false });
  process.stderr.once('end', () => {
    const timer = setTimeout(() => output.stderr.end(), LAST_WORDS_MS);
    process.exited.finally(() => clearTimeout(timer)).catch(() => undefined);
  });
}
