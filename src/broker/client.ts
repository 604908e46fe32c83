import { abortable } from '../base/async';
import { createDeadline } from '../base/deadline';
import { describeError } from '../base/errors';
import { ensurePrivateDir } from '../base/files';
import type { Logger } from '../base/logger';
import { editorOfAlias, listEndpoints, type Endpoint } from './endpoints';
import { askBroker, Inquiry } from './inquiry';
import type { Grant } from './protocol';

export interface GrantRequestOptions {
  /** Folder where brokers are found; created if missing. */
  readonly dir: string;
  readonly alias: string;
  readonly signal: AbortSignal;
  /** How long to wait for an answer, in milliseconds: an editor, or the local cloud, may be starting. */
  readonly waitMs?: number;
  readonly log: Logger;
}

/**
 * Asks the brokers of this user, those of the alias's editor first, for what a connection needs.
 * Rejects with a {@link BrokerError}, a FileError if the folder is unsafe, or the signal's reason.
 */
export async function requestGrant(options: GrantRequestOptions): Promise<Grant> {
  const { dir, alias, signal, waitMs = 30_000, log } = options;
  await ensurePrivateDir(dir);
  const inquiry = new Inquiry(dir, alias, log);
  const limit = createDeadline(waitMs, () => inquiry.failure(waitMs), signal);
  try {
    return await abortable(inquiry.granted, limit.signal);
  } finally {
    limit.dispose();
    inquiry.dispose();
  }
}

/** Far more than a window takes that does not hang. */
const ASKED_FOR_MS = 2000;

/**
 * Whether a person asked for the sandbox just now, in any window of the alias's editor. A grant tells what its own
 * window knows: editors of the same kind with data of their own do not know what was asked of the others. Never rejects.
 */
export async function isAskedFor(options: GrantRequestOptions): Promise<boolean> {
  const { dir, alias, signal, waitMs = ASKED_FOR_MS, log } = options;
  const editor = editorOfAlias(alias);
  const enough = new AbortController();
  const limit = createDeadline(waitMs, () => new Error('A window hangs'), signal);
  const inquire = async (endpoint: Endpoint): Promise<void> => {
    try {
      const answer = await askBroker(endpoint, alias, enough.signal, log);
      if (!answer.ok || !answer.grant.mayStart) throw new Error('nobody asked for it there');
    } catch (error) {
      log.debug(`Broker ${endpoint.file}: ${describeError(error)}`);
      throw error;
    }
  };
  try {
    const endpoints = (await listEndpoints(dir, editor)).filter((endpoint) => endpoint.editor === editor);
    // One is enough: another may hang.
    await abortable(Promise.any(endpoints.map(inquire)), limit.signal);
    return true;
  } catch (error) {
    log.debug(`No window wants it: ${describeError(error)}`);
    return false;
  } finally {
    limit.dispose();
    enough.abort(new Error('nobody waits any more'));
  }
}
