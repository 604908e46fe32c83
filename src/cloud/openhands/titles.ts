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

/** What would be more is learnt anew. */
const MAX_TITLES = 10_000;

interface ConversationPage {
  /** By the sandboxes' ids. */
  readonly titles: ReadonlyMap<string, string>;
  readonly next: string | undefined;
}

/**
 * Titles of the conversations that sandboxes were made for: the sandboxes themselves have no names. One request for the
 * newest 100 conversations serves all of an account's sandboxes for a while; where a sandbox is not among those, each
 * look goes on to the next older page, so that long lists cost no burst of requests. A sandbox without a conversation,
 * or a server without that API, is no failure: there is no title then.
 */
export class ConversationTitles {
  readonly #titles = new Map<string, string>();
  /** The page of older conversations that is due; undefined: the second one. */
  #older: string | undefined;
  /** Somebody got a sandbox without a title since the last look. */
  #isIncomplete = false;
  #askedAt = -Infinity;
  #asking: Promise<void> | undefined;

  /** @param now milliseconds of a clock that is never set */
  constructor(
    private readonly api: Pick<OpenHandsApi, 'request' | 'log'>,
    private readonly now = () => performance.now(),
  ) {}

  /** By the sandboxes' ids; those without a title are missing. One caller's cancellation is not the others'. */
  async of(ids: readonly string[], signal?: AbortSignal): Promise<ReadonlyMap<string, string>> {
    const lacksOne = (): boolean => ids.some((id) => !this.#titles.has(id));
    const age = this.now() - this.#askedAt;
    if (ids.length > 0 && age > (this.#isIncomplete || lacksOne() ? RETRY_MS : FRESH_MS)) {
      this.#askedAt = this.now();
      this.#asking = this.#ask(lacksOne).finally(() => (this.#asking = undefined));
    }
    if (this.#asking) await abortable(this.#asking, signal);
    this.#isIncomplete ||= lacksOne();
    return this.#titles;
  }

  async #ask(lacksOne: () => boolean): Promise<void> {
    const wasIncomplete = this.#isIncomplete;
    this.#isIncomplete = false;
    const tooLate = (): CloudError => new CloudError('unreachable', 'The cloud does not list conversations');
    const deadline = createDeadline(PATIENCE_MS, tooLate);
    try {
      const newest = await this.#readPage(undefined, deadline.signal);
      if (this.#titles.size > MAX_TITLES) this.#titles.clear();
      for (const [id, title] of newest.titles) this.#titles.set(id, title);
      const older = this.#older ?? newest.next;
      this.#older = undefined;
      if (older && (wasIncomplete || lacksOne())) await this.#readOlder(older, deadline.signal);
    } catch (error) {
      this.api.log.debug(`The titles of conversations stay as they are: ${describeError(error)}`);
    } finally {
      deadline.dispose();
    }
  }

  async #readOlder(page: string, signal: AbortSignal): Promise<void> {
    const { titles, next } = await this.#readPage(page, signal);
    for (const [id, title] of titles) if (!this.#titles.has(id)) this.#titles.set(id, title);
    this.#older = next;
  }

  async #readPage(page: string | undefined, signal: AbortSignal): Promise<ConversationPage> {
    const body = await this.api.request({
      what: 'list the conversations',
      method: 'GET',
      path: '/api/v1/app-conversations/search',
      query: { limit: '100', ...(page !== undefined && { page_id: page }) },
      signal,
    });
    const { items, next_page_id: next } = parseAnswer(conversationPageSchema, body, 'list of conversations');
    const titles = new Map<string, string>();
    for (const item of items) {
      // Newest first: a sandbox is known by the last one that it was used for.
      if (item?.sandbox_id && item.title?.trim() && !titles.has(item.sandbox_id)) {
        titles.set(item.sandbox_id, item.title);
      }
    }
    return { titles, next: next ?? undefined };
  }
}
