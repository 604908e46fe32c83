/** What brokers and connections say to each other, over JSON-RPC on a private local socket. */
import type { Endpoint } from '../cloud/provider';

/** All that one connection needs. Holds secrets: lives in memory only, is never logged or written. */
export interface Grant {
  readonly alias: string;
  readonly sandbox: { readonly id: string; readonly name: string };
  readonly endpoint: Endpoint;
  /** The sandbox's host key: ed25519, private, OpenSSH format. */
  readonly hostKey: string;
  /** The key that authenticates the user to an SSH server inside the sandbox: ed25519, private, OpenSSH format. */
  readonly userKey: string;
  /** Whether the user asked this editor for this sandbox just now; where none was, a stopped sandbox stays stopped. */
  readonly mayStart: boolean;
  /** How channels are to be made in the sandbox. */
  readonly backend: BackendChoice;
}

/** How channels are made in the sandbox: by one way that the user wants, or the best that works. */
export const backendChoices = ['auto', 'agent', 'exec', 'sshd'] as const;
export type BackendChoice = (typeof backendChoices)[number];

/**
 * Why a broker gave no grant:
 * - `unknown-alias`: not one of this broker's sandboxes; another broker may know it
 * - `signed-out`: the account has no credentials any more
 * - `not-running`: the local cloud does not run, and nobody asked for the sandbox just now
 */
export type GrantRefusal = 'unknown-alias' | 'signed-out' | 'not-running';

export type GrantAnswer =
  | { readonly ok: true; readonly grant: Grant }
  | { readonly ok: false; readonly reason: GrantRefusal; readonly message: string };

export type ConnectionPhase = 'connecting' | 'connected' | 'reconnecting' | 'closed';

/**
 * Why a connection ended, where its user can do something about it:
 * - `stopped`: the sandbox does not run, and nobody asked for it just now
 * - `deleted`: the cloud does not know the sandbox any more
 * - `signed-out`: there are no credentials, or the cloud refuses them
 * - `not-running`: the local cloud does not run
 */
export type EndReason = 'stopped' | 'deleted' | 'signed-out' | 'not-running';

/** What a connection is used for at the moment. */
export interface OpenChannels {
  /** Sessions with a terminal. */
  readonly terminals: number;
  /** Sessions without one. */
  readonly commands: number;
  /** SFTP sessions. */
  readonly transfers: number;
  /** Where forwarded connections go in the sandbox, `host:port` or a socket's path, and how many; some of many. */
  readonly forwards: readonly OpenForward[];
}

export interface OpenForward {
  /** Untrusted text. */
  readonly target: string;
  readonly count: number;
}

/** One connection's state. The connection is its only source. */
export interface ConnectionState {
  /** Unique per connection process. */
  readonly connectionId: string;
  readonly alias: string;
  readonly pid: number;
  readonly phase: ConnectionPhase;
  /** What is going on, in words for the user: "starting sandbox", why it closed, … */
  readonly detail?: string;
  /** With phase `reconnecting`: of the attempts to find the way again, counted from 1. */
  readonly attempt?: number;
  /** With phase `closed`. */
  readonly reason?: EndReason;
  /** Round-trip time to the sandbox's cloud, in milliseconds. */
  readonly roundTripMs?: number;
  /** When the connection began, in milliseconds since the epoch. */
  readonly since: number;
  /** Known once it is connected. */
  readonly channels?: OpenChannels;
  /** The window that opened the terminal in which its ssh runs: the value of {@link windowVariable}. */
  readonly windowId?: string;
  /** The program in whose terminal its ssh runs, by its own account (TERM_PROGRAM). */
  readonly terminalProgram?: string;
}

/** Environment variable by which a window marks the terminals that it opens. */
export const windowVariable = 'CLOUD_SANDBOXES_WINDOW';

/** JSON-RPC method names. */
export const methods = {
  /** Request `{alias}` → {@link GrantAnswer}. */
  grant: 'sandbox/grant',
  /** Notification {@link ConnectionState}, from connection to broker. */
  state: 'connection/state',
  /** Request without parameters, answered once the broker has taken in all that was sent before. */
  sync: 'connection/sync',
} as const;
