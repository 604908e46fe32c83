/**
 * What the bridge's channels are made of. One interface, whatever carries the work: an exec of the cloud for each
 * channel, our agent in the sandbox, or the sandbox's own SSH server.
 */
import type { Duplex } from 'node:stream';
import type { RemoteProcess, TerminalSize } from '../cloud/provider';
import { CodedError, printable } from '../base/errors';
import type { TerminalModes } from './terminalModes';

/** A terminal as asked for by `pty-req` (RFC 4254 section 6.2). */
export interface TerminalRequest extends TerminalSize {
  /** Value of TERM; empty if it is not set. */
  readonly type: string;
  readonly modes: TerminalModes;
}

export interface SessionRequest {
  /** Variables of `env` requests (RFC 4254 section 6.4). */
  readonly env: Readonly<Record<string, string>>;
  readonly terminal?: TerminalRequest;
  /**
   * Present where the client lends its ssh-agent to the session: SSH_AUTH_SOCK of the program then leads here, one
   * stream for each connection. The same function for all sessions of a client. Only with
   * {@link BackendFeatures.listen}; a backend that fails at it starts the program without.
   */
  readonly onAgentConnection?: (stream: Duplex) => void;
}

/** Where a forwarded connection goes, as seen from inside the sandbox. */
export type DialTarget =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/** A target in words, fit for a log or a message. */
export function describeTarget(target: DialTarget): string {
  return printable(target.kind === 'tcp' ? `${target.host}:${target.port}` : target.path);
}

/** What is known once the sandbox answered. */
export interface BackendFeatures {
  /**
   * Whether {@link Backend.sftp} can work. Known in advance because a subsystem request must be answered at once:
   * the client may send data right behind it.
   */
  readonly sftp: boolean;
  /** Whether {@link Backend.listen} can work: for remote forwards and agent forwarding. */
  readonly listen: boolean;
}

/** A connection that somebody in the sandbox made to a {@link Listener}. Its owner is who was told of it. */
export interface IncomingConnection {
  readonly stream: Duplex;
  /** Of a TCP peer; empty and 0 for a Unix socket. */
  readonly host: string;
  readonly port: number;
}

/** Something that listens in the sandbox until it is closed, or the backend is. */
export interface Listener {
  /** The port that was bound; 0 for a Unix socket. */
  readonly port: number;
  close(): void;
}

export interface Backend {
  readonly name: 'exec' | 'agent' | 'sshd';
  /** Resolves once the sandbox answers; nothing else may be called before. */
  ready(signal: AbortSignal): Promise<BackendFeatures>;
  /** The latest round-trip time to the cloud in milliseconds, if one was measured. */
  roundTripMs(): number | undefined;
  /** The user's login shell in their home folder. */
  shell(request: SessionRequest, signal: AbortSignal): Promise<RemoteProcess>;
  /** A command line, run by the user's login shell in their home folder. */
  exec(command: string, request: SessionRequest, signal: AbortSignal): Promise<RemoteProcess>;
  /** An SFTP server speaking on stdin and stdout: the sandbox's own, or ours over its files. */
  sftp(signal: AbortSignal): Promise<RemoteProcess>;
  /** Resolves once connected; rejects as `refused` or `unavailable`, so that the client sees "open failed". */
  dial(target: DialTarget, signal: AbortSignal): Promise<Duplex>;
  /**
   * Listens inside the sandbox; port 0 is any free one. Resolves once it does; rejects as `refused` if the address
   * cannot be listened on, as `unavailable` if this backend cannot listen at all.
   */
  listen(
    address: DialTarget,
    onConnection: (connection: IncomingConnection) => void,
    signal: AbortSignal,
  ): Promise<Listener>;
  /** Hangs up what is left of this connection in the sandbox; resolves when it is gone, or nobody can tell. */
  close(): Promise<void>;
}

/**
 * - `unavailable`: the sandbox lacks what this needs; the message names it
 * - `refused`: nothing answers at the target
 * - `stopped`: the sandbox does not run, and the user has not asked for it
 * - `lost`: the sandbox or the way to it went away
 */
export type BridgeErrorCode = 'unavailable' | 'refused' | 'stopped' | 'lost';

/** Why a backend cannot do what a channel needs; the message is told to the client. */
export class BridgeError extends CodedError<BridgeErrorCode> {}
