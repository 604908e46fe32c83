import type * as v from 'valibot';
import { abortable } from '../../base/async';
import type { Logger } from '../../base/logger';
import { CloudError, cloudErrorCode } from '../errors';
import { HttpClient, type HttpRequest } from '../http';
import { Origin, pathSegment } from '../origin';
import type { Endpoint } from '../provider';
import { parseAnswer } from '../validate';
import { dialWebSocket, type CloudWebSocket, type DialOptions } from '../websocket';
import { refineError } from './errorCodes';
import { configSchema, principalSchema } from './schemas';

export type Principal = v.InferOutput<typeof principalSchema>;

/** What a server says of itself; nothing, if it is a version that does not. */
export type ServerConfig = v.InferOutput<typeof configSchema>;

/** A request below `…/boxes`. */
export type BoxRequest = Omit<HttpRequest, 'path'> & { readonly segments?: readonly string[] };

/** Longest that BoxLite's cloud holds a request open; a box that has to be started or pulled takes its time. */
export const SLOW_REQUEST_TIMEOUT_MS = 300_000;

/**
 * Addressing in the Box API: boxes are at `/v1/boxes`, or at `/v1/<prefix>/boxes` when `/v1/me` names a prefix. That
 * is asked once, when it is first needed, and shared by all requests.
 */
export class BoxliteApi {
  readonly #origin: Origin;
  readonly #http: HttpClient;
  #prefix: Promise<string> | undefined;
  #config: Promise<ServerConfig> | undefined;

  /** Throws a {@link CloudError} `invalid` for an endpoint that cannot be one. */
  constructor(
    endpoint: Endpoint,
    readonly log: Logger,
  ) {
    const { baseUrl, token, network } = endpoint;
    this.#origin = new Origin({
      baseUrl,
      log,
      ...(token ? { headers: { authorization: `Bearer ${token}` }, secrets: [token] } : {}),
      ...(network ? { network } : {}),
    });
    this.#http = new HttpClient(this.#origin, refineError);
  }

  /** Who the token belongs to; undefined at a single-tenant server, which does not know users. */
  async principal(signal?: AbortSignal): Promise<Principal | undefined> {
    const principal = await this.#fetchPrincipal(signal);
    this.#prefix = Promise.resolve(pathPrefixOf(principal));
    return principal;
  }

  /** Asked once; one caller's cancellation does not take it from the others. */
  config(signal?: AbortSignal): Promise<ServerConfig> {
    this.#config ??= this.#fetchConfig().catch((error: unknown) => {
      this.#config = undefined;
      throw error;
    });
    return abortable(this.#config, signal);
  }

  /** The body of a successful answer, not yet validated. */
  async request(request: BoxRequest): Promise<unknown> {
    const { segments = [], ...rest } = request;
    const path = await this.#boxesPath(segments, request.signal);
    const answer = await this.#http.request({ ...rest, path });
    return answer.body;
  }

  async dial(
    segments: readonly string[],
    options: Omit<DialOptions, 'origin' | 'path' | 'refine'>,
  ): Promise<CloudWebSocket> {
    const path = await this.#boxesPath(segments, options.signal);
    const socket = await dialWebSocket({ ...options, origin: this.#origin, path, refine: refineError });
    this.log.debug('WebSocket open');
    return socket;
  }

  dispose(): void {
    this.#origin.route.dispose();
  }

  async #boxesPath(segments: readonly string[], signal: AbortSignal | undefined): Promise<string> {
    this.#prefix ??= this.#fetchPrincipal().then(pathPrefixOf, (error: unknown) => {
      this.#prefix = undefined;
      throw error;
    });
    const prefix = await abortable(this.#prefix, signal);
    return ['/v1', ...(prefix ? [prefix] : []), 'boxes', ...segments.map(pathSegment)].join('/');
  }

  async #fetchPrincipal(signal?: AbortSignal): Promise<Principal | undefined> {
    try {
      const answer = await this.#http.request({ what: 'sign in', method: 'GET', path: '/v1/me', signal });
      return parseAnswer(principalSchema, answer.body, 'account');
    } catch (error) {
      const code = cloudErrorCode(error);
      if (code === 'not-found' || code === 'unsupported') return undefined;
      throw error;
    }
  }

  async #fetchConfig(): Promise<ServerConfig> {
    try {
      const answer = await this.#http.request({
        what: 'read the settings',
        method: 'GET',
        path: '/v1/config',
      });
      return parseAnswer(configSchema, answer.body, 'settings');
    } catch (error) {
      const code = cloudErrorCode(error);
      if (code === 'unreachable' || code === 'rate-limited') throw error;
      this.log.debug(`The cloud's settings are not usable: ${String(code)}`);
      return {};
    }
  }
}

/** The prefix is opaque, may hold slashes and goes into the path as it is; so it must be fit for one. */
function pathPrefixOf(principal: Principal | undefined): string {
  const prefix = principal?.path_prefix ?? '';
  // Characters of RFC 3986 section 3.3; "." and ".." would lead elsewhere.
  const isPath = /^[\w.~!$&'()*+,;=:@%/-]{0,256}$/.test(prefix);
  if (isPath && !prefix.split('/').some((segment) => segment === '.' || segment === '..')) return prefix;
  throw new CloudError(
    'protocol',
    'The cloud\'s account cannot be understood: "path_prefix" is not part of a path',
  );
}
