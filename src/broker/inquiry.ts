import { abortable, createDeferred, delay } from '../base/async';
import type { Disposable } from '../base/disposable';
import { describeError, printable } from '../base/errors';
import type { Logger } from '../base/logger';
import { openChannel } from './channel';
import { dial, editorOfAlias, listEndpoints, type Endpoint } from './endpoints';
import { BrokerError } from './errors';
import { FolderWatch } from './folderWatch';
import { grantRequest, MAX_ANSWER_BYTES, parseGrantAnswer } from './messages';
import type { Grant, GrantAnswer, GrantRefusal } from './protocol';

/** How often to ask again when the folder does not change: a broker may learn of a sandbox meanwhile. */
const POLL_MS = 1000;
/** Shortest time between two rounds, however often the folder changes. */
const REST_MS = 50;
/** How long a broker may think before the next one is asked as well: its window may hang. */
const HEAD_START_MS = 300;
/** How long the others may think once a broker is signed out. */
const LAST_CALL_MS = 2000;

/**
 * Asks every broker for one alias's grant, again and again, until one grants it or this is disposed. A broker may
 * think as long as it likes, since it may be starting a cloud: the others are asked meanwhile.
 */
export class Inquiry implements Disposable {
  readonly #granted = createDeferred<Grant>();
  readonly #ended = new AbortController();
  /** Requests under way, by the broker's entry. */
  readonly #pending = new Map<string, Promise<void>>();
  /** What brokers said last, by reason. */
  readonly #refusals = new Map<GrantRefusal, string>();
  #lastError: unknown;

  constructor(
    private readonly dir: string,
    private readonly alias: string,
    private readonly log: Logger,
  ) {
    this.#search().catch((error: unknown) => this.#granted.reject(error));
  }

  /** The first grant. Rejects with a {@link BrokerError} `signed-out`, or with the folder's error. */
  get granted(): Promise<Grant> {
    return this.#granted.promise;
  }

  /** Why there is no grant yet, after that many milliseconds. */
  failure(waitedMs: number): BrokerError {
    const name = printable(this.alias, 80);
    const notRunning = this.#refusals.get('not-running');
    if (notRunning !== undefined) return new BrokerError('not-running', printable(notRunning));
    if (this.#refusals.has('unknown-alias')) {
      const next = 'refresh the list in the Cloud Sandboxes side bar and open it from there';
      return new BrokerError('unknown-alias', `No open window knows the sandbox ${name}; ${next}`);
    }
    const cause = this.#pending.size > 0 ? new Error('a window hangs') : this.#lastError;
    const why = cause === undefined ? '' : ` (${describeError(cause)})`;
    const next = `start the editor "${printable(editorOfAlias(this.alias), 20)}" and try again`;
    const seconds = Math.round(waitedMs / 1000);
    const message = `No window with Cloud Sandboxes answered for ${name} in ${seconds} s${why}; ${next}`;
    return new BrokerError('no-broker', message, { cause });
  }

  /** Tells the brokers that are still thinking that nobody waits any more. */
  dispose(): void {
    this.#ended.abort();
  }

  async #search(): Promise<never> {
    const { signal } = this.#ended;
    const changes = new Changes();
    let watch: FolderWatch | undefined;
    try {
      for (;;) {
        await this.#askAll();
        if (watch) await changes.next(POLL_MS, signal);
        // Whatever came before the watch is found by the round that follows at once.
        watch ??= new FolderWatch(this.dir, POLL_MS, () => changes.notify());
        await delay(REST_MS, signal);
      }
    } finally {
      watch?.dispose();
    }
  }

  async #askAll(): Promise<void> {
    for (const endpoint of await listEndpoints(this.dir, editorOfAlias(this.alias))) {
      if (this.#pending.has(endpoint.file)) continue;
      const asked = this.#ask(endpoint).finally(() => this.#pending.delete(endpoint.file));
      this.#pending.set(endpoint.file, asked);
      await settleWithin(asked, HEAD_START_MS, this.#ended.signal);
    }
    const signedOut = this.#refusals.get('signed-out');
    if (signedOut === undefined) return;
    // Only the user can change that: waiting longer would only delay the message.
    await settleWithin(Promise.all(this.#pending.values()), LAST_CALL_MS, this.#ended.signal);
    throw new BrokerError('signed-out', printable(signedOut) || signedOutMessage(this.alias));
  }

  /** Never rejects. */
  async #ask(endpoint: Endpoint): Promise<void> {
    const { signal } = this.#ended;
    try {
      const answer = await askBroker(endpoint, this.alias, signal, this.log);
      if (answer.ok) {
        this.#granted.resolve(answer.grant);
        this.dispose();
      } else if (answer.reason !== 'unknown-alias' || endpoint.editor === editorOfAlias(this.alias)) {
        // Of a sandbox of another editor's nobody can be told to open it there: the name would be another.
        this.#refusals.set(answer.reason, answer.message);
      }
    } catch (error) {
      if (signal.aborted) return;
      this.log.debug(`Broker ${endpoint.file}: ${describeError(error)}`);
      this.#lastError = error;
    }
  }
}

/** Resolves the next wait, also if the change came before it. */
class Changes {
  #changed = createDeferred<undefined>();

  notify(): void {
    this.#changed.resolve(undefined);
  }

  async next(timeoutMs: number, signal: AbortSignal): Promise<void> {
    const timer = setTimeout(() => this.notify(), timeoutMs);
    try {
      await abortable(this.#changed.promise, signal);
      this.#changed = createDeferred<undefined>();
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Waits for work that does not reject, but only so long. Rejects with the signal's reason. */
async function settleWithin(work: Promise<unknown>, ms: number, signal: AbortSignal): Promise<void> {
  const timeIsUp = createDeferred<undefined>();
  const timer = setTimeout(() => timeIsUp.resolve(undefined), ms);
  try {
    await abortable(Promise.race([work, timeIsUp.promise]), signal);
  } finally {
    clearTimeout(timer);
  }
}

/** One broker's answer. Rejects with the socket's error, an error about the answer, or the signal's reason. */
export async function askBroker(
  endpoint: Endpoint,
  alias: string,
  signal: AbortSignal,
  log: Logger,
): Promise<GrantAnswer> {
  const socket = await dial(endpoint, signal);
  try {
    const channel = openChannel(socket, MAX_ANSWER_BYTES, log);
    channel.listen();
    const response = channel.sendRequest(grantRequest, { alias });
    return checked(parseGrantAnswer(await abortable(response, signal)), alias);
  } finally {
    socket.destroy();
  }
}

function checked(answer: GrantAnswer | undefined, alias: string): GrantAnswer {
  if (!answer || (answer.ok && answer.grant.alias !== alias)) throw new Error('The answer is malformed');
  return answer;
}

function signedOutMessage(alias: string): string {
  return `You are signed out of the cloud of ${printable(alias)}; sign in from the Cloud Sandboxes side bar`;
}
