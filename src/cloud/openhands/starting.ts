import { backoffMs, delay } from '../../base/async';
import { createDeadline } from '../../base/deadline';
import { describeError, printable } from '../../base/errors';
import { CloudError, cloudErrorCode, retryAfterMs } from '../errors';
import { pathSegment } from '../origin';
import type { OpenHandsApi } from './api';
import type { CloudSite } from './cloudSite';
import { isGone, statusOf, type SandboxInfo } from './schemas';

const START_LIMIT_MS = 300_000;
const RESUME_TIMEOUT_MS = 300_000;
/** The cloud counts requests: some 100 a minute are all that one person has. */
const POLL_BASE_MS = 1_000;
const POLL_MAX_MS = 5_000;
/** A sandbox that is paused while it is being started is resumed again, but nobody's pause is fought for ever. */
const MAX_RESUMES = 3;

/** Resumes a sandbox unless it runs, and waits until its agent-server answers: five minutes at most. */
export async function startSandbox(
  api: OpenHandsApi,
  site: CloudSite,
  id: string,
  signal?: AbortSignal,
): Promise<SandboxInfo> {
  const deadline = createDeadline(START_LIMIT_MS, () => timedOut(start.obstacle), signal);
  const start = new Start(api, site, id, deadline.signal);
  try {
    return await start.run();
  } finally {
    deadline.dispose();
  }
}

class Start {
  /** What was in the way the last time that the sandbox or its cloud told. */
  obstacle: unknown;
  #resumes = 0;
  /** The cloud knows the sandbox, and lets us see it. */
  #isKnown = false;

  constructor(
    private readonly api: OpenHandsApi,
    private readonly site: CloudSite,
    private readonly id: string,
    private readonly signal: AbortSignal,
  ) {}

  async run(): Promise<SandboxInfo> {
    for (let attempt = 0; ; attempt++) {
      const info = await this.#look();
      if (info && (await this.#isReady(info))) return info;
      // Never less than half: with full jitter several tries could come at once.
      const waitMs = backoffMs(attempt, POLL_BASE_MS, POLL_MAX_MS) / 2 + POLL_BASE_MS / 2;
      await delay(waitMs, this.signal);
    }
  }

  /** Undefined if the cloud does not answer now: that passes, and the sandbox is being started all the same. */
  async #look(): Promise<SandboxInfo | undefined> {
    try {
      const info = await this.api.sandbox(this.id, this.signal);
      this.#isKnown = true;
      return info;
    } catch (error) {
      if (this.signal.aborted || !mayPass(error) || !this.#isKnown) throw error;
      await delay(retryAfterMs(error), this.signal);
      return undefined;
    }
  }

  async #isReady(info: SandboxInfo): Promise<boolean> {
    this.site.adopt(info);
    if (isGone(info))
      throw new CloudError('not-found', 'The sandbox is gone: its runtime does not exist any more');
    const status = statusOf(info);
    if (status === 'failed') throw new CloudError('conflict', `The sandbox failed to start${detailOf(info)}`);
    if (status === 'starting' && info.status_detail?.trim()) this.obstacle = new Error(info.status_detail);
    if (status === 'paused') await this.#resume();
    return status === 'running' && this.#isHealthy();
  }

  async #resume(): Promise<void> {
    if (++this.#resumes > MAX_RESUMES) {
      throw new CloudError('conflict', 'The sandbox was paused again and again while it was being started');
    }
    try {
      await this.api.request({
        what: 'start the sandbox',
        method: 'POST',
        path: `/api/v1/sandboxes/${pathSegment(this.id)}/resume`,
        timeoutMs: RESUME_TIMEOUT_MS,
        signal: this.signal,
      });
    } catch (error) {
      const code = cloudErrorCode(error);
      // It may have been resumed all the same, or by somebody else just now; what it is then shows at the next look.
      // Servers that do not know 502 answer 404 also where it is only that they could not ask for the runtime.
      const isWorthALook = code === 'conflict' || code === 'not-found' || mayPass(error);
      if (this.signal.aborted || !isWorthALook || this.#resumes === MAX_RESUMES) throw error;
      await delay(retryAfterMs(error), this.signal);
    }
  }

  /** A sandbox runs for its cloud some time before its server answers, behind a gateway that answers in its place. */
  async #isHealthy(): Promise<boolean> {
    try {
      await this.site.use((server) => server.health(this.signal), this.signal);
      return true;
    } catch (error) {
      this.signal.throwIfAborted();
      this.obstacle = error;
      return false;
    }
  }
}

function timedOut(cause: unknown): CloudError {
  const reason = cause === undefined ? '' : `: ${describeError(cause)}`;
  const text = `The sandbox does not answer ${START_LIMIT_MS / 1000} s after it was started${reason}`;
  return new CloudError('unreachable', text, { cause });
}

function mayPass(error: unknown): boolean {
  const code = cloudErrorCode(error);
  return code === 'unreachable' || code === 'rate-limited';
}

function detailOf({ status_detail: detail }: SandboxInfo): string {
  return detail?.trim() ? `: ${printable(detail, 200)}` : '';
}
