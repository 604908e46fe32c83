import { listAll } from '../listAll';
import type { CloudClient, Sandbox, StartConsequence } from '../provider';

/** The cloud of OpenHands' makers. */
export const hostedCloud = 'https://app.all-hands.dev';

/**
 * A deployment lets so many sandboxes of a person run at once, and pauses the oldest to start another one. How many is
 * told by none; OpenHands' own defaults are 10, and 5 with Docker. A server of one's own may have any.
 */
const SAFE_AT_HOSTED_CLOUD = 5;

/** What is known of how many sandboxes may run at once: at least as many as have been seen to. */
export class RunningLimit {
  #atLeast: number;

  constructor(baseUrl: URL) {
    this.#atLeast = baseUrl.origin === hostedCloud ? SAFE_AT_HOSTED_CLOUD : 1;
  }

  /** To be told of each list. */
  noteRunning(sandboxes: readonly Sandbox[]): void {
    this.#atLeast = Math.max(this.#atLeast, sandboxes.filter(isActive).length);
  }

  /** What may happen if one more is started; undefined if as many have been seen to run. */
  async consequence(
    client: Pick<CloudClient, 'listPage'>,
    id: string | undefined,
    signal?: AbortSignal,
  ): Promise<StartConsequence | undefined> {
    const sandboxes = await listAll(client, signal);
    const isActiveAlready = sandboxes.some((sandbox) => sandbox.id === id && isActive(sandbox));
    const others = sandboxes.filter((sandbox) => sandbox.id !== id && isActive(sandbox));
    const [oldest] = others.sort((a, b) => ageOf(a) - ageOf(b));
    if (isActiveAlready || !oldest || others.length < this.#atLeast) return undefined;
    return { running: others.length, mayPause: oldest };
  }
}

function isActive({ status }: Sandbox): boolean {
  return status === 'running' || status === 'starting';
}

/** Milliseconds since the epoch; one whose age is unknown counts as the oldest. */
function ageOf({ createdAt }: Sandbox): number {
  return createdAt?.getTime() ?? 0;
}
