import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { requestGrant } from '../broker/client';
import { editorOfAlias } from '../broker/endpoints';
import { windowVariable, type ConnectionState, type Grant } from '../broker/protocol';
import { StateReporter } from '../broker/stateReporter';
import { createDeferred } from '../base/async';
import { describeError, printable } from '../base/errors';
import type { Logger } from '../base/logger';
import { say } from '../base/stderrLog';
import { cloudErrorCode } from '../cloud/errors';
import { providerOf } from '../cloud/registry';
import type { BackendFeatures } from '../ssh/backend';
import { ExecBackend } from '../ssh/backends/exec';
import type { GreetedStream } from '../ssh/greeting';
import { serveBridge } from '../ssh/server';
import type { ConnectionArguments } from './arguments';
import { endReasonOf } from './endReason';
import { ObservedBackend } from './observedBackend';

/** After this long the person at the terminal is told what we wait for. */
const PATIENCE_MS = 1500;
const REPORT_INTERVAL_MS = 5000;
/** Channels come and go in bursts. */
const REPORT_DELAY_MS = 250;
const MAX_NAME_LENGTH = 100;

/**
 * One run of the ProxyCommand: gets its grant, serves SSH to the local ssh, reports its state, and ends when ssh
 * does. Resolves with the exit code.
 */
export async function runConnection(
  { runDir, alias }: ConnectionArguments,
  stream: GreetedStream,
  log: Logger,
): Promise<number> {
  const gone = new AbortController();
  stream.once('close', () => gone.abort());
  const reporter = new ConnectionReporter(runDir, alias, log);
  const progress = new Progress('Waiting for a window of the editor', (detail) =>
    reporter.report('connecting', detail),
  );
  try {
    const grant = await requestGrant({ dir: runDir, alias, signal: gone.signal, log });
    log.debug('grant received');
    return await serveGrant(grant, { stream, reporter, progress, gone: gone.signal, log });
  } catch (error) {
    if (gone.signal.aborted) return 0;
    say(describeError(error));
    reporter.reportEnd(error);
    stream.destroy();
    return 255;
  } finally {
    progress.dispose();
    await reporter.close();
  }
}

interface Run {
  readonly stream: GreetedStream;
  readonly reporter: ConnectionReporter;
  readonly progress: Progress;
  /** Aborts when the local ssh is gone. */
  readonly gone: AbortSignal;
  readonly log: Logger;
}

async function serveGrant(grant: Grant, { stream, reporter, progress, gone, log }: Run): Promise<number> {
  const client = providerOf(grant.endpoint.provider).connect(grant.endpoint, log);
  const exec = new ExecBackend({
    client,
    sandbox: grant.sandbox,
    mayStart: grant.mayStart,
    onProgress: (text) => progress.update(text),
    log,
  });
  const backend = new ObservedBackend(exec, () => reporter.channelsChanged());
  const ready = createDeferred<BackendFeatures>();
  const prepare = async (): Promise<boolean> => {
    try {
      const features = await backend.ready(gone);
      reporter.follow(backend);
      ready.resolve(features);
      return true;
    } catch (error) {
      if (!gone.aborted) sayWhyNot(error, grant.alias);
      reporter.reportEnd(error);
      ready.reject(error);
      return false;
    } finally {
      progress.dispose();
    }
  };
  try {
    const preparing = prepare();
    await serveBridge({
      stream,
      hostKey: grant.hostKey,
      backend,
      ready: ready.promise,
      progress: () => progress.text,
      log,
    });
    return (await preparing) ? 0 : 255;
  } finally {
    client.dispose();
  }
}

/**
 * Remote-SSH tries again by itself only if ssh seems to have failed to resolve the host name, so a passing cause is
 * also told in those words.
 */
function sayWhyNot(error: unknown, alias: string): void {
  say(describeError(error));
  const code = cloudErrorCode(error);
  if (code === 'unreachable' || code === 'rate-limited') {
    process.stderr.write(`ssh: Could not resolve hostname ${alias}: the cloud does not answer\n`);
  }
}

/** What the wait is about; said aloud once it takes long. */
class Progress {
  #isLong = false;
  readonly #timer = setTimeout(() => {
    this.#isLong = true;
    say(this.text);
  }, PATIENCE_MS);

  constructor(
    public text: string,
    private readonly onChange: (text: string) => void,
  ) {}

  update(text: string): void {
    if (text === this.text) return;
    this.text = text;
    this.onChange(text);
    if (this.#isLong) say(text);
  }

  dispose(): void {
    clearTimeout(this.#timer);
  }
}

/** Tells every broker of this editor how the connection is. */
class ConnectionReporter {
  readonly #reporter: StateReporter;
  readonly #identity: Omit<ConnectionState, 'phase'>;
  #backend: Pick<ObservedBackend, 'roundTripMs' | 'open'> | undefined;
  #interval: NodeJS.Timeout | undefined;
  #soon: NodeJS.Timeout | undefined;

  constructor(dir: string, alias: string, log: Logger) {
    this.#reporter = new StateReporter({ dir, editor: editorOfAlias(alias), log });
    // The time the process began, not this object.
    const since = Math.round(performance.timeOrigin);
    this.#identity = {
      connectionId: randomUUID(),
      alias,
      pid: process.pid,
      since,
      ...startedBy(process.env),
    };
    this.report('connecting');
  }

  report(phase: ConnectionState['phase'], detail?: string): void {
    this.#reporter.report({ ...this.#identity, phase, ...(detail !== undefined && { detail }) });
  }

  reportEnd(error: unknown): void {
    const reason = endReasonOf(error);
    const detail = describeError(error);
    this.#reporter.report({ ...this.#identity, phase: 'closed', detail, ...(reason && { reason }) });
  }

  /** Reports `connected` now, and from time to time with the round-trip time. */
  follow(backend: Pick<ObservedBackend, 'roundTripMs' | 'open'>): void {
    this.#backend = backend;
    this.#reportConnected();
    this.#interval = setInterval(() => this.#reportConnected(), REPORT_INTERVAL_MS);
  }

  channelsChanged(): void {
    if (this.#interval === undefined) return;
    this.#soon ??= setTimeout(() => this.#reportConnected(), REPORT_DELAY_MS);
  }

  async close(): Promise<void> {
    clearInterval(this.#interval);
    this.#interval = undefined;
    clearTimeout(this.#soon);
    await this.#reporter.flush();
    this.#reporter.dispose();
  }

  #reportConnected(): void {
    this.#soon = undefined;
    if (!this.#backend) return;
    const roundTripMs = this.#backend.roundTripMs();
    this.#reporter.report({
      ...this.#identity,
      phase: 'connected',
      ...(roundTripMs !== undefined && { roundTripMs }),
      channels: this.#backend.open,
    });
  }
}

/** ssh hands its own environment to us. */
function startedBy(env: NodeJS.ProcessEnv): Pick<ConnectionState, 'windowId' | 'terminalProgram'> {
  const windowId = printable(env[windowVariable] ?? '', MAX_NAME_LENGTH);
  const terminalProgram = printable(env['TERM_PROGRAM'] ?? '', MAX_NAME_LENGTH);
  return { ...(windowId && { windowId }), ...(terminalProgram && { terminalProgram }) };
}
