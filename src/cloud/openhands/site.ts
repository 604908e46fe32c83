import type { AgentServer } from './agentServer';
import type { SocketAddress } from './addresses';

/** A port of a sandbox to which its cloud lets anyone in by HTTP. */
export interface WorkerPort {
  /** On which a server in the sandbox has to listen. */
  readonly port: number;
  /** Base URL of that server, as it is now. */
  url(signal?: AbortSignal): Promise<URL>;
}

export interface SshPlace {
  /** Seen from here. */
  readonly address: SocketAddress;
  /** The port that the server listens on in the sandbox. */
  readonly insidePort: number;
}

/** Where the inside of one sandbox is reached. */
export interface SandboxSite {
  /**
   * Does something with the sandbox's agent-server, with the key and the address that are valid now.
   * Rejects as `unauthenticated` only if that is for the person to mend.
   */
  use<T>(work: (server: AgentServer) => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** The best first. */
  workerPorts(signal?: AbortSignal): Promise<readonly WorkerPort[]>;
  /** Where the sandbox's own SSH server would be, if anybody says that there is one. */
  sshPlace(signal?: AbortSignal): Promise<SshPlace | undefined>;
}
