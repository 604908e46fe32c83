/**
 * What the connection and the agent say to each other inside a session: HTTP/2 (RFC 9113), one request for each
 * channel. The body of a request begins with its description ({@link encodeDescription}); what follows is the
 * channel's input. The body of an answer with status 200 is the channel's output. Any other status has a body of JSON,
 * {@link OperationFailure}.
 */

/** Paths of the requests; all are POST. */
export const operations = {
  /** {@link AgentFacts} as JSON. Takes no description. */
  facts: '/facts',
  /** {@link ExecDescription}; stdin → stdout. Trailers say how it ended: {@link exitTrailers}. */
  exec: '/exec',
  /** {@link ChannelDescription} of an exec without a terminal, also one that is about to be asked for; → stderr. */
  stderr: '/exec/stderr',
  /** {@link ResizeDescription}. */
  resize: '/exec/resize',
  /** {@link SignalDescription}; to the process's group. */
  signal: '/exec/signal',
  /**
   * {@link CancelDescription}; resets another request. A client does so in place of a RST_STREAM of its own: HTTP/2
   * servers count those (CVE-2023-44487), and nghttp2 ends the session after 1,000 in short order.
   */
  cancel: '/cancel',
  /** {@link DialDescription}; answered once connected. Both directions, each with its own end. */
  dial: '/dial',
  /**
   * {@link ListenDescription}; answered once it listens, with {@link listenPortHeader}. The output is one line of JSON,
   * {@link IncomingConnection}, for each connection; listening ends with the request.
   */
  listen: '/listen',
  /** {@link ChannelDescription} of an {@link IncomingConnection}: its bytes, both ways. */
  accept: '/accept',
  /** An SFTP server (protocol 3) on input and output. Takes no description. */
  sftp: '/sftp',
} as const;

/** Of the answer to `exec`: exactly one of them, as {@link ExitStatus} has them. */
export const exitTrailers = { code: 'exit-code', signal: 'exit-signal' } as const;

/** Of the answer to `listen`: the port that was bound; 0 for a Unix socket. */
export const listenPortHeader = 'listen-port';
/** Of the answer to `listen` at a {@link PrivateSocket}: its path, by `encodeURIComponent`. */
export const listenPathHeader = 'listen-path';

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

export interface CancelDescription {
  /** The identifier of the other request's stream (RFC 9113 section 5.1.1). */
  readonly stream: number;
}

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
