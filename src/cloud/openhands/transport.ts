import type { Logger } from '../../base/logger';
import { CloudError } from '../errors';
import { Origin } from '../origin';
import type {
  AgentHost,
  NetworkSettings,
  PublicPort,
  PublicPortDial,
  RemoteProcess,
  SshService,
  Transport,
  TransportCapabilities,
} from '../provider';
import { dialWebSocket, type CloudWebSocket } from '../websocket';
import type { SandboxSite, WorkerPort } from './site';
import { findSshService } from './sshService';

/** The way into a sandbox with an agent-server: that streams nothing, so it takes an agent of ours. */
export class OpenHandsTransport implements Transport {
  readonly agentHost: AgentHost;
  #roundTripMs: number | undefined;
  #sshService: Promise<SshService | undefined> | undefined;

  constructor(
    private readonly site: SandboxSite,
    private readonly network: NetworkSettings | undefined,
    private readonly log: Logger,
  ) {
    this.agentHost = {
      run: (script, signal) => site.use((server) => server.run(script, signal), signal),
      upload: (path, content, signal) => site.use((server) => server.upload(path, content, signal), signal),
      publicPorts: async (signal) => {
        const ports = await site.workerPorts(signal);
        return ports.map((port) => this.#publicPort(port));
      },
    };
  }

  capabilities(): Promise<TransportCapabilities> {
    return Promise.resolve({ binaryOutput: 'no' });
  }

  roundTripMs(): number | undefined {
    return this.#roundTripMs;
  }

  exec(): Promise<RemoteProcess> {
    const message = 'OpenHands streams nothing to or from a program in a sandbox';
    return Promise.reject(new CloudError('unsupported', message));
  }

  async sshService(signal?: AbortSignal): Promise<SshService | undefined> {
    this.#sshService ??= findSshService(this.site, this.log, signal).catch((error: unknown) => {
      this.#sshService = undefined;
      throw error;
    });
    return this.#sshService;
  }

  keepAlive(signal?: AbortSignal): Promise<void> {
    return this.site.use((server) => server.noteUse(signal), signal);
  }

  #publicPort(worker: WorkerPort): PublicPort {
    return {
      port: worker.port,
      dial: async (options) => this.#dial(await worker.url(options.signal), options),
    };
  }

  async #dial(url: URL, { path, headers, onRoundTrip, signal }: PublicPortDial): Promise<CloudWebSocket> {
    const { network, log } = this;
    const secrets = Object.values(headers);
    const origin = new Origin({ baseUrl: url.href, headers, secrets, log, ...(network && { network }) });
    try {
      return await dialWebSocket({
        origin,
        path,
        what: 'reach the agent in the sandbox',
        onRoundTrip: (ms) => {
          this.#roundTripMs = ms;
          onRoundTrip?.(ms);
        },
        signal,
      });
    } finally {
      // The WebSocket has its connection to itself.
      origin.route.dispose();
    }
  }
}
