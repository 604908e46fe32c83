import { isIP } from 'node:net';
import { isLoopback } from '../proxy';
import type { AgentServer } from './agentServer';
import type { SandboxSite, SshPlace, WorkerPort } from './site';
import { askForWorkerPorts, usualWorkerPorts, workerNames, type WorkerName } from './workers';

/** The inside of a sandbox whose agent-server was given by a person: nobody else tells of it. */
export class DirectSite implements SandboxSite {
  constructor(
    private readonly server: AgentServer,
    private readonly baseUrl: URL,
  ) {}

  use<T>(work: (server: AgentServer) => Promise<T>): Promise<T> {
    return work(this.server);
  }

  async workerPorts(signal?: AbortSignal): Promise<readonly WorkerPort[]> {
    const told = await askForWorkerPorts((script) => this.server.run(script, signal));
    return workerNames.map((name) => {
      const port = told[name] ?? usualWorkerPorts[name];
      return { port, url: () => Promise.resolve(workerUrl(this.baseUrl, name, port)) };
    });
  }

  async sshPlace(signal?: AbortSignal): Promise<SshPlace | undefined> {
    const port = await this.server.sshPort(signal);
    const host = this.baseUrl.hostname.replace(/^\[|\]$/g, '');
    return port === undefined ? undefined : { address: { host, port }, insidePort: port };
  }
}

/**
 * Where a worker port is reached, seen from the address of the agent-server. Behind an ingress of OpenHands the two
 * differ as its runtimes make them: by a path, or by a host name. Anything else is the server itself.
 */
export function workerUrl(agentServer: URL, name: WorkerName, port: number): URL {
  const url = new URL(agentServer);
  const worker = name === 'WORKER_1' ? 'work-1' : 'work-2';
  const path = url.pathname.replace(/\/+$/, '');
  const isHostOfIngress = url.protocol === 'https:' && !url.port && !isIP(url.hostname);
  // An agent-server by itself has no path.
  if (path !== '') url.pathname = `${path}/${worker}`;
  else if (isHostOfIngress && !isLoopback(url.hostname)) url.hostname = `${worker}-${url.hostname}`;
  else url.port = String(port);
  return url;
}
