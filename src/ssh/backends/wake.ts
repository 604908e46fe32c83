import { delay } from '../../base/async';
import { describeErrorChain, printable } from '../../base/errors';
import type { Logger } from '../../base/logger';
import { CloudError, cloudErrorCode } from '../../cloud/errors';
import type { CloudClient, SandboxStatus } from '../../cloud/provider';
import { BridgeError } from '../backend';
import { deletedSandbox } from './loss';
import { withPatience } from './patience';

const POLL_MS = 1000;
/** Clouds count requests: one that takes long is asked less often. */
const MAX_POLL_MS = 2500;
/** How long another's start or stop of the sandbox is waited for. */
const TRANSITION_LIMIT_MS = 180_000;

export interface WakeOptions {
  readonly client: CloudClient;
  readonly sandbox: { readonly id: string; readonly name: string };
  /** Whether a stopped sandbox may be started for this connection; a function is asked where it is stopped. */
  readonly mayStart: boolean | (() => Promise<boolean>);
  /** Told what the wait is about, in words for the user. */
  readonly onProgress: (text: string) => void;
}

export interface ReachOptions extends WakeOptions {
  readonly log: Logger;
}

/**
 * Wakes the sandbox and does what needs it, and does both again while what is in the way is passing. Rejects as
 * {@link wakeSandbox} and the attempt do.
 */
export function reachSandbox<T>(
  options: ReachOptions,
  attempt: () => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const { sandbox, onProgress, log } = options;
  const name = printable(sandbox.name, 60);
  return withPatience(
    async () => {
      await wakeSandbox(options, signal);
      onProgress(`Connecting to ${name}`);
      return attempt();
    },
    (error) => {
      log.warn(`not ready yet: ${describeErrorChain(error)}`);
      onProgress(`Waiting for the cloud of ${name}`);
    },
    signal,
  );
}

/**
 * Resolves once the sandbox runs. Starts a stopped one only if it may; else rejects as `stopped`, or as `lost` if
 * there is none.
 */
export async function wakeSandbox(options: WakeOptions, signal: AbortSignal): Promise<void> {
  const { client, sandbox, mayStart, onProgress } = options;
  const name = printable(sandbox.name, 60);
  const deadline = performance.now() + TRANSITION_LIMIT_MS;
  for (let attempt = 0; ; attempt++) {
    const status = await statusOf(options, signal);
    switch (status) {
      case 'running':
      case 'unknown': // what only a newer client would know; the exec will tell
        return;
      case 'creating':
      case 'starting':
      case 'stopping':
        onProgress(`Sandbox ${name} is ${status}`);
        if (performance.now() > deadline) {
          throw new CloudError('unreachable', `Sandbox ${name} is still ${status}; look at it in its cloud`);
        }
        await delay(Math.min(POLL_MS * 2 ** attempt, MAX_POLL_MS), signal);
        continue;
      case 'failed':
        throw new BridgeError('lost', `Sandbox ${name} has failed; look at it in its cloud, or delete it`);
      case 'stopped':
      case 'paused':
        if (!(typeof mayStart === 'function' ? await mayStart() : mayStart)) {
          throw new BridgeError(
            'stopped',
            `Sandbox ${name} is ${status}; open it from the Cloud Sandboxes view to start it`,
          );
        }
        onProgress(`Starting sandbox ${name}`);
        await client.start(sandbox.id, signal);
        return;
    }
  }
}

async function statusOf({ client, sandbox }: WakeOptions, signal: AbortSignal): Promise<SandboxStatus> {
  try {
    return await client.status(sandbox.id, signal);
  } catch (error) {
    throw cloudErrorCode(error) === 'not-found' ? deletedSandbox(sandbox.name, error) : error;
  }
}
