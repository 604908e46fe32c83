import type { Logger } from '../../base/logger';
import type { CreateField } from '../createFields';
import { CloudError } from '../errors';
import { parseBaseUrl } from '../origin';
import type {
  AccountInfo,
  CloudClient,
  Endpoint,
  Sandbox,
  SandboxPage,
  SandboxStatus,
  Transport,
} from '../provider';
import { AgentServer } from './agentServer';
import { DirectSite } from './directSite';
import { OpenHandsTransport } from './transport';

/** The one sandbox that such an account has. */
const SANDBOX_ID = 'this-server';

/** An agent-server without a cloud: whoever runs it starts and stops it. */
export class AgentServerClient implements CloudClient {
  readonly #baseUrl: URL;
  readonly #server: AgentServer;
  readonly #transport: Transport;

  /** Throws a {@link CloudError} `invalid` for an endpoint that cannot be one. */
  constructor({ baseUrl, token, network }: Endpoint, log: Logger) {
    this.#baseUrl = parseBaseUrl(baseUrl);
    const address = { baseUrl, ...(token && { sessionKey: token }), ...(network && { network }) };
    this.#server = new AgentServer(address, log);
    this.#transport = new OpenHandsTransport(new DirectSite(this.#server, this.#baseUrl), network, log);
  }

  async whoAmI(signal?: AbortSignal): Promise<AccountInfo> {
    await this.#server.health(signal);
    await this.#server.authenticate(signal);
    return { user: 'agent-server', label: 'OpenHands agent-server' };
  }

  async listPage(_pageToken?: string, signal?: AbortSignal): Promise<SandboxPage> {
    return { sandboxes: [await this.#sandbox(signal)] };
  }

  get(id: string, signal?: AbortSignal): Promise<Sandbox> {
    if (id === SANDBOX_ID) return this.#sandbox(signal);
    return Promise.reject(new CloudError('not-found', 'An agent-server has but one sandbox, another one'));
  }

  async status(id: string, signal?: AbortSignal): Promise<SandboxStatus> {
    return (await this.get(id, signal)).status;
  }

  createFields(): Promise<readonly CreateField[]> {
    return Promise.resolve([]);
  }

  create(): Promise<Sandbox> {
    return refuse('create a sandbox');
  }

  /** Only resolves if it runs by itself. */
  start(id: string, signal?: AbortSignal): Promise<Sandbox> {
    return this.get(id, signal);
  }

  stop(): Promise<Sandbox> {
    return refuse('stop the sandbox');
  }

  delete(): Promise<void> {
    return refuse('delete the sandbox');
  }

  transport(): Transport {
    return this.#transport;
  }

  dispose(): void {
    this.#server.dispose();
  }

  async #sandbox(signal: AbortSignal | undefined): Promise<Sandbox> {
    await this.#server.health(signal);
    return { id: SANDBOX_ID, name: this.#baseUrl.host, status: 'running', isFixed: true };
  }
}

function refuse(what: string): Promise<never> {
  const message = `Cannot ${what}: an agent-server is in the hands of whoever runs it`;
  return Promise.reject(new CloudError('unsupported', message));
}
