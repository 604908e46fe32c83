import { abortable } from '../../base/async';
import { printable } from '../../base/errors';
import { CloudError, cloudErrorCode } from '../errors';
import { findUrl, serviceUrl, socketAddress } from './addresses';
import { AgentServer } from './agentServer';
import type { OpenHandsApi } from './api';
import { isGone, statusOf, type ExposedUrl, type SandboxInfo } from './schemas';
import type { SandboxSite, SshPlace, WorkerPort } from './site';
import { askForWorkerPorts, usualWorkerPorts, workerNames, type WorkerName } from './workers';

/** That of OpenHands' images, where it is not told. */
const USUAL_SSH_PORT = 2222;

interface Current {
  readonly server: AgentServer;
  readonly urls: readonly ExposedUrl[];
  /** Tells this state from another one. Secret. */
  readonly fingerprint: string;
}

/** The inside of a sandbox of an OpenHands cloud, whose key and addresses change each time it is resumed. */
export class CloudSite implements SandboxSite {
  #current: Current | undefined;
  #asking: Promise<Current> | undefined;

  constructor(
    private readonly api: OpenHandsApi,
    private readonly id: string,
  ) {}

  /** Takes in what the cloud said of the sandbox just now. */
  adopt(info: SandboxInfo): void {
    const agentServer = findUrl(info.exposed_urls, 'AGENT_SERVER');
    if (!agentServer) {
      this.#replace(undefined);
      return;
    }
    const { baseUrl, network, log } = this.api;
    const address = {
      baseUrl: serviceUrl(agentServer, baseUrl).href,
      ...(info.session_api_key && { sessionKey: info.session_api_key }),
      ...(network && { network }),
    };
    const fingerprint = JSON.stringify(address);
    const urls = info.exposed_urls ?? [];
    const isSame = this.#current?.fingerprint === fingerprint;
    const server = isSame && this.#current ? this.#current.server : new AgentServer(address, log);
    this.#replace({ server, urls, fingerprint });
  }

  async use<T>(work: (server: AgentServer) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const { server } = await this.#now(signal);
    try {
      return await work(server);
    } catch (error) {
      if (cloudErrorCode(error) !== 'unauthenticated') throw error;
    }
    // The sandbox was resumed since, which gave it another key.
    if (this.#current?.server === server) this.#replace(undefined);
    const renewed = await this.#now(signal);
    return work(renewed.server).catch((cause: unknown) => {
      if (cloudErrorCode(cause) !== 'unauthenticated') throw cause;
      // Not for the person to mend, whose own key is good.
      throw new CloudError('unreachable', 'The sandbox refuses the key that the cloud gave for it', {
        cause,
      });
    });
  }

  async workerPorts(signal?: AbortSignal): Promise<readonly WorkerPort[]> {
    const { urls } = await this.#now(signal);
    const offered = workerNames.flatMap((name) => {
      const exposed = findUrl(urls, name);
      return exposed ? [{ name, port: exposed.port ?? undefined }] : [];
    });
    const told = offered.some(({ port }) => port === undefined) ? await this.#askInside(signal) : {};
    return offered.map(({ name, port }) => ({
      port: port ?? told[name] ?? usualWorkerPorts[name],
      url: (urlSignal) => this.#workerUrl(name, urlSignal),
    }));
  }

  async sshPlace(signal?: AbortSignal): Promise<SshPlace | undefined> {
    const { urls } = await this.#now(signal);
    const exposed = findUrl(urls, 'SSH');
    const address = exposed && socketAddress(exposed, this.api.baseUrl);
    if (address) return { address, insidePort: exposed.port ?? USUAL_SSH_PORT };
    const port = await this.use((server) => server.sshPort(signal), signal);
    const agentServer = findUrl(urls, 'AGENT_SERVER');
    if (port === undefined || !agentServer) return undefined;
    const { hostname } = serviceUrl(agentServer, this.api.baseUrl);
    return { address: { host: hostname.replace(/^\[|\]$/g, ''), port }, insidePort: port };
  }

  dispose(): void {
    this.#replace(undefined);
  }

  #askInside(signal: AbortSignal | undefined): Promise<Partial<Record<WorkerName, number>>> {
    return askForWorkerPorts((script) => this.use((server) => server.run(script, signal), signal));
  }

  async #workerUrl(name: WorkerName, signal: AbortSignal | undefined): Promise<URL> {
    const { urls } = await this.#now(signal);
    const exposed = findUrl(urls, name);
    if (exposed) return serviceUrl(exposed, this.api.baseUrl);
    throw new CloudError('unreachable', `The sandbox has no public port ${name} any more`);
  }

  /** Asked once for all who need it; one caller's cancellation does not take it from the others. */
  #now(signal: AbortSignal | undefined): Promise<Current> {
    if (this.#current) return Promise.resolve(this.#current);
    this.#asking ??= this.#ask().finally(() => (this.#asking = undefined));
    return abortable(this.#asking, signal);
  }

  async #ask(): Promise<Current> {
    const info = await this.api.sandbox(this.id);
    this.adopt(info);
    if (this.#current) return this.#current;
    throw unreachable(info);
  }

  #replace(next: Current | undefined): void {
    const last = this.#current;
    this.#current = next;
    if (last && last.server !== next?.server) last.server.dispose();
  }
}

function unreachable(info: SandboxInfo): CloudError {
  const what = 'The sandbox cannot be reached: the cloud';
  const status = statusOf(info);
  if (status === 'running') {
    return new CloudError('unreachable', `${what} gives no address of it; look at it in the cloud`);
  }
  const code = isGone(info) ? 'not-found' : status === 'paused' ? 'conflict' : 'unreachable';
  return new CloudError(code, `${what} says that it is ${printable(info.status ?? 'unknown', 40)}`);
}
