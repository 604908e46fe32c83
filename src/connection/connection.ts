import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { requestGrant } from '../broker/client';
import { editorOfAlias } from '../broker/endpoints';
import type { ConnectionState, Grant } from '../broker/protocol';
import { StateReporter } from '../broker/stateReporter';
import { createDeferred } from '../base/async';
import { describeError } from '../base/errors';
import type { Logger } from '../base/logger';
import { say } from '../base/stderrLog';
import { cloudErrorCode } from '../cloud/errors';
import { providerOf } from '../cloud/registry';
import type { BackendFeatures } from '../ssh/backend';
import { ExecBackend } from '../ssh/backends/exec';
import type { GreetedStream } from '../ssh/greeting';
import { serveBridge } from '../ssh/server';
import type { ConnectionArguments } from './arguments';

/** After this long the person at the terminal is told what we wait for. */
const PATIENCE_MS = 1500;
const REPORT_INTERVAL_MS = 5000;

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
    reporter.report('closed', describeError(error));
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
  const backend = new ExecBackend({
    client,
    sandbox: grant.sandbox,
    mayStart: grant.mayStart,
    onProgress: (text) => progress.update(text),
    log,
  });
  const ready = createDeferred<BackendFeatures>();
  const prepare = async (): Promise<boolean> => {
    try {
      const features = await backend.ready(gone);
      reporter.follow(() => backend.roundTripMs());
      ready.resolve(features);
      return true;
    } catch (error) {
      if (!gone.aborted) sayWhyNot(error, grant.alias);
      reporter.report('closed', describeError(error));
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
  readonly #identity: Pick<ConnectionState, 'connectionId' | 'alias' | 'pid' | 'since'>;
  #timer: NodeJS.Timeout | undefined;

  constructor(dir: string, alias: string, log: Logger) {
    this.#reporter = new StateReporter({ dir, editor: editorOfAlias(alias), log });
    // The time the process began, not this object.
    const since = Math.round(performance.timeOrigin);
    this.#identity = { connectionId: randomUUID(), alias, pid: process.pid, since };
    this.report('connecting');
  }

  report(phase: ConnectionState['phase'], detail?: string, roundTripMs?: number): void {
    this.#reporter.report({
      ...this.#identity,
      phase,
      ...(detail !== undefined && { detail }),
      ...(roundTripMs !== undefined && { roundTripMs }),
    });
  }

  /** Reports `connected` now, and the round-trip time from time to time. */
  follow(roundTripMs: () => number | undefined): void {
    const report = (): void => this.report('connected', undefined, roundTripMs());
    report();
    this.#timer = setInterval(report, REPORT_INTERVAL_MS);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#reporter.flush();
    this.#reporter.dispose();
  }
}
