import type { Disposable } from '../base/disposable';
import type { Logger } from '../base/logger';
import { signInByDevice, type DeviceSignIn } from '../cloud/deviceFlow';
import { CloudError } from '../cloud/errors';
import type { AccountInfo, CloudClient, Endpoint, NetworkSettings } from '../cloud/provider';
import { accountHost, isLocal, type Account } from './account';
import type { AccountStore } from './accountStore';
import { LocalCloudError, type LocalCloud } from './localCloud';

export interface CloudAccessOptions {
  readonly accounts: Pick<AccountStore, 'token'>;
  /** Opens a client of the endpoint's provider. */
  readonly connect: (endpoint: Endpoint, log: Logger) => CloudClient;
  readonly localCloud: Pick<LocalCloud, 'find' | 'start'>;
  /** The network settings as they are now. */
  readonly network: () => NetworkSettings | undefined;
  readonly log: Logger;
}

/** Ways into the clouds of all accounts. Owns one client for each account in use. */
export class CloudAccess implements Disposable {
  readonly #options: CloudAccessOptions;
  readonly #clients = new Map<string, { readonly endpoint: string; readonly client: CloudClient }>();

  constructor(options: CloudAccessOptions) {
    this.#options = options;
  }

  /**
   * Where the account's cloud is now, with credentials; the local cloud is started if need be.
   * Rejects as `unauthenticated` if there are no credentials.
   */
  async endpoint(account: Account, signal?: AbortSignal): Promise<Endpoint> {
    return this.#endpoint(account, 'start', signal);
  }

  /** Like {@link endpoint}, but starts nothing: rejects with a {@link LocalCloudError} instead. */
  async findEndpoint(account: Account, signal?: AbortSignal): Promise<Endpoint> {
    return this.#endpoint(account, 'find', signal);
  }

  /** A client at {@link endpoint}. The old one is closed when the credentials or the network change. */
  async client(account: Account, signal?: AbortSignal): Promise<CloudClient> {
    return this.#clientAt(account, await this.endpoint(account, signal));
  }

  /** A client at {@link findEndpoint}. */
  async findClient(account: Account, signal?: AbortSignal): Promise<CloudClient> {
    return this.#clientAt(account, await this.findEndpoint(account, signal));
  }

  /** Asks a cloud whose credentials these are; keeps nothing. */
  async identify(
    provider: string,
    baseUrl: string,
    token: string,
    signal?: AbortSignal,
  ): Promise<AccountInfo> {
    const client = this.#options.connect(this.#withNetwork({ provider, baseUrl, token }), this.#options.log);
    try {
      return await client.whoAmI(signal);
    } finally {
      client.dispose();
    }
  }

  /** A token for whoever confirms the code in a browser; keeps nothing. Rejects as {@link signInByDevice} does. */
  tokenByDevice(
    { baseUrl, flow, onCode }: Pick<DeviceSignIn, 'flow' | 'onCode'> & { readonly baseUrl: string },
    signal?: AbortSignal,
  ): Promise<string> {
    const { log } = this.#options;
    const network = this.#options.network();
    const endpoint = { baseUrl, ...(network && { network }) };
    return signInByDevice({ flow, endpoint, onCode, log, ...(signal && { signal }) });
  }

  /** Closes the account's client, if there is one. */
  forget(accountId: string): void {
    this.#clients.get(accountId)?.client.dispose();
    this.#clients.delete(accountId);
  }

  dispose(): void {
    for (const { client } of this.#clients.values()) client.dispose();
    this.#clients.clear();
  }

  async #endpoint(account: Account, way: 'start' | 'find', signal?: AbortSignal): Promise<Endpoint> {
    if (isLocal(account)) {
      const found = await this.#options.localCloud[way](signal);
      if (!found) throw new LocalCloudError('not-running', 'The local cloud is not running; start it');
      return { provider: account.provider, baseUrl: found.url, token: found.token };
    }
    const token = await this.#options.accounts.token(account.id);
    if (token === undefined) {
      const host = accountHost(account);
      throw new CloudError('unauthenticated', `Not signed in to ${host}; add the cloud again with a token`);
    }
    return this.#withNetwork({ provider: account.provider, baseUrl: account.baseUrl, token });
  }

  #clientAt(account: Account, endpoint: Endpoint): CloudClient {
    const fingerprint = JSON.stringify(endpoint);
    const known = this.#clients.get(account.id);
    if (known?.endpoint === fingerprint) return known.client;
    known?.client.dispose();
    const client = this.#options.connect(endpoint, this.#options.log);
    this.#clients.set(account.id, { endpoint: fingerprint, client });
    return client;
  }

  #withNetwork(endpoint: Endpoint): Endpoint {
    const network = this.#options.network();
    return network ? { ...endpoint, network } : endpoint;
  }
}
