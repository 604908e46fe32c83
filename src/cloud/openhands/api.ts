import type { Logger } from '../../base/logger';
import { CloudError } from '../errors';
import { HttpClient, type HttpRequest } from '../http';
import { Origin, parseBaseUrl } from '../origin';
import type { Endpoint, NetworkSettings } from '../provider';
import { parseAnswer } from '../validate';
import { sandboxListSchema, type SandboxInfo } from './schemas';

/** The app server's API: OpenHands Cloud, or a server of one's own. */
export class OpenHandsApi {
  readonly #origin: Origin;
  readonly #http: HttpClient;
  /** Where the app server is. */
  readonly baseUrl: URL;
  readonly network: NetworkSettings | undefined;

  /** Throws a {@link CloudError} `invalid` for an endpoint that cannot be one. */
  constructor(
    { baseUrl, token, network }: Endpoint,
    readonly log: Logger,
  ) {
    this.baseUrl = parseBaseUrl(baseUrl);
    this.network = network;
    this.#origin = new Origin({
      baseUrl,
      log,
      ...(token ? { headers: credentials(token), secrets: [token] } : {}),
      ...(network ? { network } : {}),
    });
    this.#http = new HttpClient(this.#origin);
  }

  /** The body of a successful answer, not yet validated. */
  async request(request: HttpRequest): Promise<unknown> {
    const answer = await this.#http.request(request);
    return answer.body;
  }

  /** A sandbox as the cloud knows it, also one whose runtime is gone. Rejects as `not-found` if there is none. */
  async sandbox(id: string, signal?: AbortSignal): Promise<SandboxInfo> {
    const body = await this.request({
      what: 'read the sandbox',
      method: 'GET',
      path: '/api/v1/sandboxes',
      query: { id: [id] },
      signal,
    });
    const [info] = parseAnswer(sandboxListSchema, body, 'sandbox');
    if (info?.id === id) return info;
    throw new CloudError('not-found', 'The cloud does not have this sandbox any more');
  }

  dispose(): void {
    this.#origin.route.dispose();
  }
}

/**
 * OpenHands Cloud takes the first of these headers that it finds for the API key; an app server of one's own knows the
 * second only, which must be the key that it was started with.
 */
function credentials(token: string): Readonly<Record<string, string>> {
  return { authorization: `Bearer ${token}`, 'x-session-api-key': token };
}
