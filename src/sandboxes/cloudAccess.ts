import type { Disposable } from '../base/disposable';
import type { Logger } from '../base/logger';
import { CloudError } from '../cloud/errors';
import type { AccountInfo, CloudClient, Endpoint, NetworkSettings } from '../cloud/provider';
import { accountHost, isLocal, type Account } from './account';
import type { AccountStore } from './accountStore';

export interface CloudAccessOptions {
  readonly accounts: Pick<AccountStore, 'token'>;
  /** Opens a client of the endpoint's provider. */
  readonly connect: (endpoint: Endpoint, log: Logger) => CloudClient;
  /** Address and token of the local cloud; starts it if it does not run. Called at each use, so it must be cheap. */
  readonly localCloud: (signal?: AbortSignal) => Promise<{ readonly url: string; readonly token: string }>;
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

  /** Where the account's cloud is now, with credentials. Rejects as `unauthenticated` if there are none. */
  async endpoint(account: Account, signal?: AbortSignal): Promise<Endpoint> {
    if (isLocal(account)) {
      const { url, token } = await this.#options.localCloud(signal);
      return { provider: account.provider, baseUrl: url, token };
    }
    const token = await this.#options.accounts.token(account.id);
    if (token === undefined) {
      const host = accountHost(account);
      throw new CloudError('unauthenticated', `Not signed in to ${host}; add the cloud again with a token`);
    }
    return this.#withNetwork({ provider: account.provider, baseUrl: account.baseUrl, token });
  }

  /** The account's client. It is replaced, and the old one closed, when the credentials or the network change. */
  async client(account: Account, signal?: AbortSignal): Promise<CloudClient> {
    const endpoint = await this.endpoint(account, signal);
    const fingerprint = JSON.stringify(endpoint);
    const known = this.#clients.get(account.id);
    if (known?.endpoint === fingerprint) return known.client;
    known?.client.dispose();
    const client = this.#options.connect(endpoint, this.#options.log);
    this.#clients.set(account.id, { endpoint: fingerprint, client });
    return client;
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

  /** Closes the account's client, if there is one. */
  forget(accountId: string): void {
    this.#clients.get(accountId)?.client.dispose();
    this.#clients.delete(accountId);
  }

  dispose(): void {
    for (const { client } of this.#clients.values()) client.dispose();
    this.#clients.clear();
  }

  #withNetwork(endpoint: Endpoint): Endpoint {
    const network = this.#options.network();
    return network ? { ...endpoint, network } : endpoint;
  }
}
