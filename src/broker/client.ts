import { abortable } from '../base/async';
import { createDeadline } from '../base/deadline';
import { ensurePrivateDir } from '../base/files';
import type { Logger } from '../base/logger';
import { Inquiry } from './inquiry';
import type { Grant } from './protocol';

export interface GrantRequestOptions {
  /** Folder where brokers are found; created if missing. */
  readonly dir: string;
  readonly alias: string;
  readonly signal: AbortSignal;
  /** How long to wait for a grant, in milliseconds: an editor, or the local cloud, may be starting. */
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
