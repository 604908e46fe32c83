import { abortReason, delay } from '../../base/async';
import { logFailure } from '../../base/logger';
import { CloudError, cloudErrorCode } from '../errors';
import type { ExecRequest, ExitStatus } from '../provider';
import { parseAnswer } from '../validate';
import type { CloudWebSocket } from '../websocket';
import { SLOW_REQUEST_TIMEOUT_MS, type BoxliteApi } from './api';
import { executionSchema, executionStateSchema } from './schemas';
import { exitStatusOf } from './signals';

/** How long an answer to a creation is waited for that nobody wants any more, so that it can be undone. */
const UNDO_GRACE_MS = 10_000;
/** For all tries together: whoever ends a connection waits for this. */
const DESTROY_TIMEOUT_MS = 4_000;
const CONTROL_TIMEOUT_MS = 10_000;
/** Waits between the looks at an execution whose socket closed without its exit code; 3.1 s in all. */
const STATUS_WAITS_MS = [0, 100, 200, 400, 800, 1600];

/** One execution in a box, addressed over the API. Holds nothing open. */
export class Execution {
  #destroyed: Promise<void> | undefined;

  private constructor(
    private readonly api: BoxliteApi,
    private readonly boxId: string,
    private readonly id: string,
  ) {}

  /**
   * Starts a command. When the signal aborts while the server is at it, the caller is free at once and what was
   * started meanwhile is destroyed.
   */
  static async create(
    api: BoxliteApi,
    boxId: string,
    request: ExecRequest,
    signal?: AbortSignal,
  ): Promise<Execution> {
    if (signal?.aborted) throw abortReason(signal);
    const grace = new AbortController();
    const creating = Execution.#post(api, boxId, request, grace.signal);
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        reject(abortReason(signal));
        const timer = setTimeout(() => grace.abort(), UNDO_GRACE_MS);
        const undone = creating.then((execution) => execution.destroy()).finally(() => clearTimeout(timer));
        undone.catch(() => api.log.debug('A cancelled command was not started'));
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      creating.then(resolve, reject).finally(() => signal?.removeEventListener('abort', onAbort));
    });
  }

  static async #post(
    api: BoxliteApi,
    boxId: string,
    request: ExecRequest,
    signal: AbortSignal,
  ): Promise<Execution> {
    const body = await api.request({
      what: 'run a command in the sandbox',
      method: 'POST',
      segments: [boxId, 'exec'],
      body: execBody(request),
      // A stopped box is started first.
      timeoutMs: SLOW_REQUEST_TIMEOUT_MS,
      signal,
    });
    const { execution_id: id } = parseAnswer(executionSchema, body, 'execution');
    return new Execution(api, boxId, id);
  }

  attach(options: {
    readonly signal?: AbortSignal | undefined;
    readonly onRoundTrip: (ms: number) => void;
  }): Promise<CloudWebSocket> {
    return this.api.dial([...this.#segments(), 'attach'], {
      what: 'attach to a command in the sandbox',
      ...options,
    });
  }

  /**
   * How it ended, for a socket that closed without saying so: servers do that when something still holds the
   * command's outputs. Undefined if it runs on.
   */
  async finalStatus(): Promise<ExitStatus | undefined> {
    for (const waitMs of STATUS_WAITS_MS) {
      await delay(waitMs);
      const body = await this.api.request({
        what: 'read how a command ended',
        method: 'GET',
        segments: this.#segments(),
        timeoutMs: CONTROL_TIMEOUT_MS,
      });
      const { status, exit_code: code } = parseAnswer(executionStateSchema, body, 'execution');
      if (status !== 'running') return statusOf(status, code);
    }
    return undefined;
  }

  /** Sends a signal, by its Linux number, to its group. False if the server has no such call. */
  async signal(number: number): Promise<boolean> {
    try {
      await this.api.request({
        what: 'signal a command in the sandbox',
        method: 'POST',
        segments: [...this.#segments(), 'signal'],
        body: { signal: number },
        timeoutMs: CONTROL_TIMEOUT_MS,
      });
      return true;
    } catch (error) {
      const code = cloudErrorCode(error);
      if (code === 'not-found' || code === 'unsupported') return false;
      throw error;
    }
  }

  /** Kills it and its group. Never rejects: one that is gone needs no killing, and the log has the rest. */
  destroy(): Promise<void> {
    this.#destroyed ??= this.#delete();
    return this.#destroyed;
  }

  async #delete(): Promise<void> {
    const deleted = this.api.request({
      what: 'end a command in the sandbox',
      method: 'DELETE',
      segments: this.#segments(),
      signal: AbortSignal.timeout(DESTROY_TIMEOUT_MS),
    });
    const settled = deleted.catch((error: unknown) => {
      if (cloudErrorCode(error) !== 'not-found') throw error;
    });
    logFailure(this.api.log, 'A command may go on in the sandbox', settled);
    await settled.catch(() => undefined);
  }

  #segments(): string[] {
    return [this.boxId, 'executions', this.id];
  }
}

/** Fields are left out rather than sent empty: servers refuse what they do not know. */
function execBody(request: ExecRequest): Record<string, unknown> {
  const [command, ...args] = request.argv;
  return {
    command,
    args,
    ...(request.env ? { env: request.env } : {}),
    ...(request.workingDirectory === undefined ? {} : { working_dir: request.workingDirectory }),
    tty: request.terminal !== undefined,
  };
}

function statusOf(status: string, exitCode: number | null | undefined): ExitStatus {
  if (exitCode !== null && exitCode !== undefined) return exitStatusOf(exitCode);
  if (status === 'killed' || status === 'timed_out') return { signal: 'KILL' };
  throw new CloudError('protocol', 'The cloud does not say how the command ended');
}
