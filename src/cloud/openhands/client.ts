import { CloudError, cloudErrorCode } from '../errors';
import type { CreateField, CreateOptions } from '../createFields';
import { isReadableOnTheWay, pathSegment } from '../origin';
import type {
  AccountInfo,
  CloudClient,
  Sandbox,
  SandboxPage,
  SandboxStatus,
  StartConsequence,
  Transport,
} from '../provider';
import { parseAnswer } from '../validate';
import { whoAmI } from './account';
import { findUrl, serviceUrl } from './addresses';
import type { OpenHandsApi } from './api';
import { CloudSite } from './cloudSite';
import { RunningLimit } from './runningLimit';
import {
  isGone,
  sandboxPageSchema,
  sandboxSchema,
  specPageSchema,
  statusOf,
  type SandboxInfo,
} from './schemas';
import { startSandbox } from './starting';
import { ConversationTitles } from './titles';
import { OpenHandsTransport } from './transport';

const PAGE_SIZE = '100';
/** Longest that the cloud holds a request open that makes or pauses a sandbox. */
const SLOW_REQUEST_TIMEOUT_MS = 300_000;

/** An account of OpenHands Cloud, or of an app server of one's own. */
export class OpenHandsClient implements CloudClient {
  readonly #titles: ConversationTitles;
  readonly #sites = new Map<string, CloudSite>();
  readonly #limit: RunningLimit;

  constructor(private readonly api: OpenHandsApi) {
    this.#titles = new ConversationTitles(api);
    this.#limit = new RunningLimit(api.baseUrl);
  }

  whoAmI(signal?: AbortSignal): Promise<AccountInfo> {
    return whoAmI(this.api, signal);
  }

  async listPage(pageToken?: string, signal?: AbortSignal): Promise<SandboxPage> {
    const body = await this.api.request({
      what: 'list the sandboxes',
      method: 'GET',
      path: '/api/v1/sandboxes/search',
      query: { limit: PAGE_SIZE, ...(pageToken !== undefined && { page_id: pageToken }) },
      signal,
    });
    const page = parseAnswer(sandboxPageSchema, body, 'list of sandboxes');
    const infos = page.items.filter((info) => info !== null).filter((info) => !isGone(info));
    const titles = await this.#titles.of(
      infos.map(({ id }) => id),
      signal,
    );
    const sandboxes = infos.map((info) => this.#toSandbox(info, titles));
    this.#limit.noteRunning(sandboxes);
    const next = page.next_page_id;
    return { sandboxes, ...(next && next !== pageToken ? { next } : {}) };
  }

  async get(id: string, signal?: AbortSignal): Promise<Sandbox> {
    return this.#named(id, this.#look(id, signal), signal);
  }

  async status(id: string, signal?: AbortSignal): Promise<SandboxStatus> {
    return statusOf(await this.#look(id, signal));
  }

  async createFields(signal?: AbortSignal): Promise<readonly CreateField[]> {
    const specs = await this.#specs(signal);
    const [first] = specs;
    return first === undefined ? [] : [{ kind: 'choice', key: 'image', default: first, choices: specs }];
  }

  async create({ image }: CreateOptions, signal?: AbortSignal): Promise<Sandbox> {
    const body = await this.api.request({
      what: 'create the sandbox',
      method: 'POST',
      path: '/api/v1/sandboxes',
      ...(image !== undefined && { query: { sandbox_spec_id: image } }),
      timeoutMs: SLOW_REQUEST_TIMEOUT_MS,
      signal,
    });
    const info = parseAnswer(sandboxSchema, body, 'new sandbox');
    return this.#named(info.id, Promise.resolve(info), signal);
  }

  async startConsequence(
    id: string | undefined,
    signal?: AbortSignal,
  ): Promise<StartConsequence | undefined> {
    return this.#limit.consequence(this, id, signal);
  }

  async start(id: string, signal?: AbortSignal): Promise<Sandbox> {
    return this.#named(id, startSandbox(this.api, this.#site(id), id, signal), signal);
  }

  async stop(id: string, signal?: AbortSignal): Promise<Sandbox> {
    await this.api.request({
      what: 'pause the sandbox',
      method: 'POST',
      path: `/api/v1/sandboxes/${pathSegment(id)}/pause`,
      timeoutMs: SLOW_REQUEST_TIMEOUT_MS,
      signal,
    });
    const sandbox = await this.get(id, signal);
    return sandbox.status === 'running' ? { ...sandbox, status: 'stopping' } : sandbox;
  }

  async delete(id: string, signal?: AbortSignal): Promise<void> {
    await this.api.request({
      what: 'delete the sandbox',
      method: 'DELETE',
      path: `/api/v1/sandboxes/${pathSegment(id)}`,
      // Which of the two counts depends on the release; the other one is ignored.
      query: { sandbox_id: id },
      timeoutMs: SLOW_REQUEST_TIMEOUT_MS,
      signal,
    });
    this.#sites.get(id)?.dispose();
    this.#sites.delete(id);
  }

  transport(id: string): Transport {
    return new OpenHandsTransport(this.#site(id), this.api.network, this.api.log);
  }

  dispose(): void {
    for (const site of this.#sites.values()) site.dispose();
    this.api.dispose();
  }

  #site(id: string): CloudSite {
    const site = this.#sites.get(id) ?? new CloudSite(this.api, id);
    this.#sites.set(id, site);
    return site;
  }

  /** Ids of the kinds of sandboxes that there are, the usual one first. */
  async #specs(signal: AbortSignal | undefined): Promise<readonly string[]> {
    try {
      const body = await this.api.request({
        what: 'list the kinds of sandboxes',
        method: 'GET',
        path: '/api/v1/sandbox-specs/search',
        query: { limit: PAGE_SIZE },
        signal,
      });
      const { items } = parseAnswer(specPageSchema, body, 'list of kinds of sandboxes');
      return [...new Set(items.flatMap((spec) => spec?.id ?? []))];
    } catch (error) {
      // A server that cannot tell chooses by itself.
      const code = cloudErrorCode(error);
      if (code === 'not-found' || code === 'unsupported' || code === 'protocol') return [];
      throw error;
    }
  }

  async #look(id: string, signal: AbortSignal | undefined): Promise<SandboxInfo> {
    const info = await this.api.sandbox(id, signal);
    this.#sites.get(id)?.adopt(info);
    if (!isGone(info)) return info;
    throw new CloudError('not-found', 'The sandbox is gone: its runtime does not exist any more');
  }

  /** Titles are asked for while the sandbox is. */
  async #named(id: string, looking: Promise<SandboxInfo>, signal: AbortSignal | undefined): Promise<Sandbox> {
    const [info, titles] = await Promise.all([looking, this.#titles.of([id], signal)]);
    return this.#toSandbox(info, titles);
  }

  #toSandbox(info: SandboxInfo, titles: ReadonlyMap<string, string>): Sandbox {
    const createdAt = new Date(info.created_at ?? '');
    return {
      id: info.id,
      name: titles.get(info.id) ?? info.id,
      status: statusOf(info),
      ...(info.sandbox_spec_id && { image: info.sandbox_spec_id }),
      ...(!Number.isNaN(createdAt.getTime()) && { createdAt }),
      ...(this.#isReachedInClear(info) && { notice: 'reached without encryption' }),
    };
  }

  /** People accept a cloud's own `http:` when they sign in; that of a sandbox behind an `https:` cloud is news. */
  #isReachedInClear(info: SandboxInfo): boolean {
    const { baseUrl } = this.api;
    const exposed = findUrl(info.exposed_urls, 'AGENT_SERVER');
    if (!exposed || isReadableOnTheWay(baseUrl) || !URL.canParse(exposed.url)) return false;
    return /^(http|ws):/i.test(exposed.url) && isReadableOnTheWay(serviceUrl(exposed, baseUrl));
  }
}
