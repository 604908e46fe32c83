/** What stands in for OpenHands Cloud can be told, and what it shows of itself. */

/** SandboxStatus of the app server; `UNKNOWN` came with newer ones. */
export type SandboxStatus = 'STARTING' | 'RUNNING' | 'PAUSED' | 'ERROR' | 'MISSING' | 'UNKNOWN';

export type ServiceName = 'AGENT_SERVER' | 'VSCODE' | 'WORKER_1' | 'WORKER_2';

/** How this stand-in behaves: deployments of OpenHands differ in each of these points. */
export interface OpenHandsOptions {
  /**
   * - `cloud` (default): API keys, the OAuth device flow, organizations
   * - `openSource`: no sign-in; see {@link appServerKey}
   */
  readonly edition?: 'cloud' | 'openSource';
  /** What an open-source app server demands as X-Session-API-Key; none: it lets everybody in. */
  readonly appServerKey?: string;
  /**
   * - `current` (default)
   * - `old`: exposed URLs without `port`; no `status_detail`, no `working_dir`, no status UNKNOWN; a resume never answers
   *   409 or 502
   */
  readonly release?: 'current' | 'old';
  /**
   * Addresses of what runs in a sandbox:
   * - `path` (default): `http://127.0.0.1:PORT/<runtime id>` and `…/<runtime id>/work-1`
   * - `host`: a host for each service, at whose root it is. These are loopback addresses, as not every resolver knows
   *   names below localhost
   * - `docker`: `http://localhost:PORT`, a port for each service, whatever the server's own address is; other ports in
   *   the sandbox
   */
  readonly routing?: 'path' | 'host' | 'docker';
  /** Loopback address that everything listens on; 127.0.0.1 by default. Linux has all of 127.0.0.0/8. */
  readonly address?: string;
  /** `real` (default where it is installed): OpenHands' own agent-server; `standIn`: ours, that starts quickly. */
  readonly agentServer?: AgentServerKind;
  /** More running sandboxes than this pause the oldest; 10 by default, 5 with `docker`, as OpenHands has it. */
  readonly maxRunning?: number;
  /** True: a sandbox shows its session key while it starts already. */
  readonly hasKeyWhileStarting?: boolean;
  /** How often a sandbox is seen STARTING before it may be RUNNING; 1 by default. */
  readonly startingLooks?: number;
  /** After so many milliseconds without a byte in either direction the ingress drops a connection; none: never. */
  readonly idleCutMs?: number;
  /** Requests of one second before 429; none: no limit. */
  readonly requestsPerSecond?: number;
  /** The device flow; 1 and 600 seconds by default. */
  readonly deviceFlow?: { readonly intervalSeconds?: number; readonly expiresInSeconds?: number };
  /** True: each sandbox runs an SSH server on port 2222 and has an exposed URL named SSH. */
  readonly hasSshService?: boolean;
  /** Answers a request to the app server in place of it; undefined: the request goes its usual way. */
  readonly intercept?: (request: RecordedRequest) => Intercepted | undefined;
}

export type AgentServerKind = 'real' | 'standIn';

/** An answer of a test's own making. A string is sent as text/html, as gateways do; anything else as JSON. */
export interface Intercepted {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request as it came in, to the app server or through the ingress. */
export interface RecordedRequest {
  /** `app`: the app server; else the service of a sandbox. */
  readonly to: 'app' | ServiceName;
  /** The sandbox whose service it went to. */
  readonly sandboxId?: string;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly isUpgrade: boolean;
}

/** SandboxInfo of the app server's API. */
export interface SandboxInfo {
  readonly id: string;
  readonly created_by_user_id: string | null;
  readonly sandbox_spec_id: string;
  readonly status: SandboxStatus;
  readonly session_api_key: string | null;
  readonly exposed_urls: readonly ExposedUrl[] | null;
  readonly created_at: string;
  readonly status_detail?: string | null;
  readonly working_dir?: string | null;
}

export interface ExposedUrl {
  readonly name: ServiceName | 'SSH';
  readonly url: string;
  readonly port?: number;
}

/** What a test may say of a row; the rest is made up. */
export interface NewRow {
  readonly id?: string;
  readonly sandboxSpecId?: string;
  /** `MISSING` by default: a historical row, whose runtime is gone. */
  readonly status?: Exclude<SandboxStatus, 'RUNNING' | 'STARTING'>;
  readonly createdAt?: string;
  readonly statusDetail?: string;
}

/** A conversation of OpenHands, which names the sandbox that it runs in. */
export interface Conversation {
  readonly id: string;
  readonly title: string | null;
  readonly sandboxId: string;
}
