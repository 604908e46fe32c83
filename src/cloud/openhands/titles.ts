import { abortable } from '../../base/async';
import { createDeadline } from '../../base/deadline';
import { describeError } from '../../base/errors';
import { CloudError } from '../errors';
import { parseAnswer } from '../validate';
import type { OpenHandsApi } from './api';
import { conversationPageSchema } from './schemas';

/** How long titles are good for, in milliseconds. */
const FRESH_MS = 60_000;
/** A sandbox that is not known yet is reason to ask again after this time. */
const RETRY_MS = 20_000;
/** A list of sandboxes waits that long for its titles, and goes without them if need be. */
const PATIENCE_MS = 3_000;

/**
 * Titles of the conversations that sandboxes were made for: the sandboxes themselves have no names. One request for the
 * newest 100 conversations serves all of an account's sandboxes for a while. A sandbox without a conversation, or a
 * server without that API, is no failure: there is no title then.
 */
export class ConversationTitles {
  #titles: ReadonlyMap<string, string> = new Map();
  #askedAt = -Infinity;
  #asking: Promise<void> | undefined;

  /** @param now milliseconds of a clock that is never set */
  constructor(
    private readonly api: Pick<OpenHandsApi, 'request' | 'log'>,
    private readonly now = () => performance.now(),
  ) {}

  /** By the sandboxes' ids; those without a title are missing. One caller's cancellation is not the others'. */
  async of(ids: readonly string[], signal?: AbortSignal): Promise<ReadonlyMap<string, string>> {
    const age = this.now() - this.#askedAt;
    const isComplete = ids.every((id) => this.#titles.has(id));
    if (ids.length > 0 && age > (isComplete ? FRESH_MS : RETRY_MS)) {
      this.#askedAt = this.now();
      this.#asking = this.#ask().finally(() => (this.#asking = undefined));
    }
    if (this.#asking) await abortable(this.#asking, signal);
    return this.#titles;
  }

  async #ask(): Promise<void> {
    const tooLate = (): CloudError => new CloudError('unreachable', 'The cloud does not list conversations');
    const deadline = createDeadline(PATIENCE_MS, tooLate);
    try {
      const body = await this.api.request({
        what: 'list the conversations',
        method: 'GET',
        path: '/api/v1/app-conversations/search',
        query: { limit: '100' },
        signal: deadline.signal,
      });
      const { items } = parseAnswer(conversationPageSchema, body, 'list of conversations');
      const titles = new Map<string, string>();
      for (const item of items) {
        // Newest first: a sandbox is known by the last one that it was used for.
        if (item?.sandbox_id && item.title?.trim() && !titles.has(item.sandbox_id)) {
          titles.set(item.sandbox_id, item.title);
        }
      }
      this.#titles = titles;
    } catch (error) {
      this.api.log.debug(`The titles of conversations stay as they are: ${describeError(error)}`);
    } finally {
      deadline.dispose();
    }
  }
}
