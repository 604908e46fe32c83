import type { Logger } from '../../base/logger';
import { CloudError, type CloudErrorCode } from '../errors';
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

  sshService(signal?: AbortSignal): Promise<SshService | undefined> {
    return findSshService(this.site, this.log, signal);
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
        refine: refineRefusal,
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

/**
 * Our agent answers by a WebSocket or not at all: any other answer is a gateway's, which does not find the port yet, or
 * wants credentials that nobody has.
 */
function refineRefusal(status: number): CloudErrorCode | undefined {
  if (status === 404) return 'unreachable';
  return status === 401 ? 'forbidden' : undefined;
}
