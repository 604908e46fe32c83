import { abortable, createDeferred, delay } from '../base/async';
import { describeError, printable } from '../base/errors';
import { ensurePrivateDir } from '../base/files';
import type { Logger } from '../base/logger';
import { openChannel } from './channel';
import { dial, editorOfAlias, listEndpoints, type Endpoint } from './endpoints';
import { BrokerError } from './errors';
import { FolderWatch } from './folderWatch';
import { grantRequest, maxAnswerBytes, parseGrantAnswer } from './messages';
import type { Grant, GrantAnswer } from './protocol';

export interface GrantRequestOptions {
  /** Folder where brokers are found; created if missing. */
  readonly dir: string;
  readonly alias: string;
  readonly signal: AbortSignal;
  /** How long to wait for a broker that knows the alias, in milliseconds: an editor may be starting. */
  readonly waitMs?: number;
  /** How long one broker may take to answer, in milliseconds. */
  readonly answerMs?: number;
  readonly log: Logger;
}

/** How often to ask again when the folder does not change: a broker may learn of a sandbox meanwhile. */
const pollMs = 1000;
/** Shortest time between two rounds, however often the folder changes. */
const restMs = 50;

/** What a round of asking every broker came to, if not to a grant. */
interface Failure {
  readonly code: 'no-broker' | 'unknown-alias';
  readonly cause?: unknown;
}

/**
 * Asks the brokers of this user, those of the alias's editor first, for what a connection needs.
 * Rejects with a {@link BrokerError}, a FileError if the folder is unsafe, or the signal's reason.
 */
export async function requestGrant(options: GrantRequestOptions): Promise<Grant> {
  const { dir, signal, waitMs = 30_000 } = options;
  await ensurePrivateDir(dir);
  const deadline = Date.now() + waitMs;
  const changes = new Changes();
  let watch: FolderWatch | undefined;
  try {
    for (;;) {
      const outcome = await askAll(options);
      if ('hostKey' in outcome) return outcome;
      const left = deadline - Date.now();
      if (left <= 0) throw failed(options, outcome);
      if (watch) await changes.next(Math.min(left, pollMs), signal);
      // Whatever came before the watch is found by the round that follows at once.
      watch ??= new FolderWatch(dir, pollMs, () => changes.notify());
      await delay(Math.min(left, restMs), signal);
    }
  } finally {
    watch?.dispose();
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

async function askAll(options: GrantRequestOptions): Promise<Grant | Failure> {
  const { dir, alias, signal, log } = options;
  let failure: Failure = { code: 'no-broker' };
  let signedOut: string | undefined;
  for (const endpoint of await listEndpoints(dir, editorOfAlias(alias))) {
    try {
      const answer = await ask(endpoint, options);
      if (answer.ok) return answer.grant;
      if (answer.reason === 'signed-out') signedOut ??= answer.message;
      else failure = { code: 'unknown-alias' };
    } catch (cause) {
      signal.throwIfAborted();
      log.debug(`Broker ${endpoint.file}: ${describeError(cause)}`);
      if (failure.code === 'no-broker') failure = { code: 'no-broker', cause };
    }
  }
  // Only the user can change that: waiting would only delay the message.
  if (signedOut !== undefined) throw new BrokerError('signed-out', signedOutMessage(alias, signedOut));
  return failure;
}

async function ask(endpoint: Endpoint, options: GrantRequestOptions): Promise<GrantAnswer> {
  const { alias, signal, log, answerMs = 5000 } = options;
  const attempt = new AbortController();
  const cancel = (): void => attempt.abort(signal.reason);
  const timer = setTimeout(() => attempt.abort(new Error(`No answer in ${answerMs} ms`)), answerMs);
  signal.addEventListener('abort', cancel, { once: true });
  try {
    const socket = await dial(endpoint, attempt.signal);
    try {
      const channel = openChannel(socket, maxAnswerBytes, log);
      channel.listen();
      const response = channel.sendRequest(grantRequest, { alias });
      return checked(parseGrantAnswer(await abortable(response, attempt.signal)), alias);
    } finally {
      socket.destroy();
    }
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', cancel);
  }
}

function checked(answer: GrantAnswer | undefined, alias: string): GrantAnswer {
  if (!answer || (answer.ok && answer.grant.alias !== alias)) throw new Error('The answer is malformed');
  return answer;
}

function signedOutMessage(alias: string, brokerMessage: string): string {
  return (
    printable(brokerMessage) ||
    `You are signed out of the cloud of ${printable(alias)}; sign in from the Cloud Sandboxes side bar`
  );
}

function failed({ alias, waitMs = 30_000 }: GrantRequestOptions, { code, cause }: Failure): BrokerError {
  const name = printable(alias, 80);
  if (code === 'unknown-alias') {
    const next = 'refresh the list in the Cloud Sandboxes side bar and open it from there';
    return new BrokerError(code, `No open window knows the sandbox ${name}; ${next}`);
  }
  const why = cause === undefined ? '' : ` (${describeError(cause)})`;
  const next = `start the editor "${printable(editorOfAlias(alias), 20)}" and try again`;
  const seconds = Math.round(waitMs / 1000);
  const message = `No window with Cloud Sandboxes answered for ${name} in ${seconds} s${why}; ${next}`;
  return new BrokerError(code, message, { cause });
}
