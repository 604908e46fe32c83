import { isAskedFor, requestGrant } from '../broker/client';
import type { Grant } from '../broker/protocol';
import { createDeferred } from '../base/async';
import { describeError, describeErrorChain } from '../base/errors';
import type { Logger } from '../base/logger';
import { say } from '../base/stderrLog';
import { cloudErrorCode } from '../cloud/errors';
import { providerOf } from '../cloud/registry';
import type { BackendFeatures } from '../ssh/backend';
import { createBackend, type LinkState } from '../ssh/backends/choose';
import type { GreetedStream } from '../ssh/greeting';
import { serveBridge } from '../ssh/server';
import type { ConnectionArguments } from './arguments';
import { ConnectionReporter } from './connectionReporter';
import { ObservedBackend } from './observedBackend';
import { UseMeter } from './useMeter';

/** After this long the person at the terminal is told what we wait for. */
const PATIENCE_MS = 1500;

/**
 * One run of the ProxyCommand: gets its grant, serves SSH to the local ssh, reports its state, and ends when ssh
 * does. Resolves with the exit code.
 */
export async function runConnection(
  { runDir, alias }: ConnectionArguments,
  { stream, agentProgram, log }: Pick<Run, 'stream' | 'agentProgram' | 'log'>,
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
    const mayStart = async (): Promise<boolean> =>
      grant.mayStart || isAskedFor({ dir: runDir, alias, signal: gone.signal, log });
    return await serveGrant(grant, {
      stream,
      reporter,
      progress,
      agentProgram,
      mayStart,
      gone: gone.signal,
      log,
    });
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
  /** File of the program that runs in sandboxes. */
  readonly agentProgram: string;
  /** Whether a person asked for the sandbox just now. */
  readonly mayStart: () => Promise<boolean>;
  /** Aborts when the local ssh is gone. */
  readonly gone: AbortSignal;
  readonly log: Logger;
}

async function serveGrant(grant: Grant, run: Run): Promise<number> {
  const { stream, reporter, progress, agentProgram, mayStart, gone, log } = run;
  const client = providerOf(grant.endpoint.provider).connect(grant.endpoint, log);
  const lost = new AbortController();
  const chosen = createBackend(grant.backend, {
    client,
    sandbox: grant.sandbox,
    mayStart,
    userKey: grant.userKey,
    agentProgram,
    onProgress: (text) => progress.update(text),
    onLink: (state) => followLink(state, { reporter, lost, log }),
    log,
  });
  const transport = client.transport(grant.sandbox.id);
  const use = new UseMeter({
    bytes: () => stream.bytesPassed,
    keepAlive: transport.keepAlive?.bind(transport),
    log,
  });
  const backend = new ObservedBackend(
    chosen,
    () => reporter.channelsChanged(),
    () => use.note(),
  );
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
      lost: lost.signal,
      progress: () => progress.text,
      log,
    });
    return (await preparing) && !lost.signal.aborted ? 0 : 255;
  } finally {
    use.dispose();
    client.dispose();
  }
}

/** What the window shows of the way to the sandbox; when there will be none any more, the connection ends. */
function followLink(
  state: LinkState,
  { reporter, lost, log }: { readonly lost: AbortController } & Pick<Run, 'reporter' | 'log'>,
): void {
  switch (state.phase) {
    case 'connected':
      log.info('connected again');
      reporter.resume();
      return;
    case 'reconnecting':
      log.info(`reconnecting, attempt ${state.attempt}: ${describeErrorChain(state.reason)}`);
      reporter.pause(state.attempt, state.reason);
      return;
    case 'ended':
      if (!state.error) return;
      say(describeError(state.error));
      reporter.reportEnd(state.error);
      lost.abort(state.error);
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
