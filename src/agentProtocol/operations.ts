/**
 * What the connection asks the agent for: each request is a channel that it opens ({@link Request}). The agent refuses it
 * with an {@link OperationFailure}, or confirms it; then the channel's data is the input and the output.
 */

export const operations = {
  /** Confirmed with {@link AgentFacts}. */
  facts: 'facts',
  /** {@link ExecDescription}; stdin → stdout. Ends with an {@link ExitDescription}. */
  exec: 'exec',
  /** {@link ChannelDescription} of an exec without a terminal, also one that is about to be asked for; → stderr. */
  stderr: 'stderr',
  /** {@link ResizeDescription}. */
  resize: 'resize',
  /** {@link SignalDescription}; to the process's group. */
  signal: 'signal',
  /** {@link DialDescription}; confirmed once connected. Both directions, each with its own end. */
  dial: 'dial',
  /**
   * {@link ListenDescription}; confirmed once it listens, with {@link ListenDetails}. The output is one line of JSON,
   * {@link IncomingConnection}, for each connection; listening ends with the channel.
   */
  listen: 'listen',
  /** {@link ChannelDescription} of an {@link IncomingConnection}: its bytes, both ways. */
  accept: 'accept',
  /** An SFTP server (protocol 3) on input and output. Ends with an {@link ExitDescription}. */
  sftp: 'sftp',
} as const;

export type Operation = (typeof operations)[keyof typeof operations];

export interface Request {
  readonly operation: Operation;
  /** As {@link operations} says. */
  readonly description?: object;
}

/** Requests of one session at once. */
export const MAX_REQUESTS = 1024;

export interface AgentFacts {
  /** {@link programVersion} of the agent: that of the one who asks, or it would not be talked to. */
  readonly version: string;
  readonly pid: number;
  readonly home: string;
  /** The user's login shell: an absolute path. */
  readonly shell: string;
  readonly user: string;
  /** How terminals are made; `none`: a plain pipe with a notice. */
  readonly terminals: 'script' | 'python3' | 'none';
}

/** Names a channel within its session; chosen by who opens it: `[a-z0-9]{1,32}`. */
export type ChannelId = string;

export interface ChannelDescription {
  readonly channel: ChannelId;
}

export interface ExecDescription extends ChannelDescription {
  /** Program and arguments; no shell is involved. */
  readonly argv: readonly [string, ...string[]];
  /** Added to the agent's own environment. */
  readonly env: Readonly<Record<string, string>>;
  /** The home folder if it is left out. */
  readonly workingDirectory?: string;
  /** Present: run in a pseudo-terminal of that size; stderr then comes on stdout. */
  readonly terminal?: { readonly columns: number; readonly rows: number };
}

export interface ResizeDescription extends ChannelDescription {
  readonly columns: number;
  readonly rows: number;
}

export interface SignalDescription extends ChannelDescription {
  /** Without "SIG", as in RFC 4254 section 6.9. */
  readonly signal: string;
}

/** How a program ended. */
export type ExitDescription =
  | { readonly code: number }
  /** Without "SIG", as in RFC 4254 section 6.10. */
  | { readonly signal: string };

/** An endpoint inside the sandbox. Port 0 of `listen`: any free one. */
export type SocketAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

export interface DialDescription {
  readonly target: SocketAddress;
}

/**
 * A Unix socket (0600) that the agent makes in a new folder (0700) which nobody else knows of: for a forwarded
 * ssh-agent. Both are removed when listening ends.
 */
export interface PrivateSocket {
  readonly kind: 'private';
}

export interface ListenDescription {
  readonly address: SocketAddress | PrivateSocket;
}

export interface ListenDetails {
  /** The port that was bound; 0 for a Unix socket. */
  readonly port: number;
  /** Of a {@link PrivateSocket}. */
  readonly path?: string;
}

/** A connection that the agent has accepted; it waits for an `accept` for a bounded time. */
export interface IncomingConnection extends ChannelDescription {
  /** Of a TCP peer; empty and 0 for a Unix socket. */
  readonly host: string;
  readonly port: number;
}

/**
 * - `invalid`: the request is none that this agent knows
 * - `unavailable`: the sandbox lacks what this needs; the message names it
 * - `refused`: nothing answers at the target, or the address cannot be listened on
 * - `not-found`: no such channel, or no such request any more
 * - `busy`: a limit is reached
 */
export type OperationErrorCode = 'invalid' | 'unavailable' | 'refused' | 'not-found' | 'busy';

export interface OperationFailure {
  readonly code: OperationErrorCode;
  readonly message: string;
}
