/**
 * What a cloud is to the rest of the extension: lifecycle of sandboxes, and a transport into a running one.
 * Nobody outside `src/cloud/<kind>/` asks which cloud it is; differences are declared as data
 * ({@link TransportCapabilities}, {@link Sandbox.notice}).
 */
import type { Duplex, Readable, Writable } from 'node:stream';
import type { Logger } from '../base/logger';
import type { CreateField, CreateOptions } from './createFields';
import type { DeviceFlow } from './deviceFlow';
import type { CloudWebSocket } from './websocket';

/** Where a cloud is and how to reach it: all that {@link Provider.connect} needs. Plain JSON: part of a grant. */
export interface Endpoint {
  /** {@link Provider.kind} of the driver that speaks with it. */
  readonly provider: string;
  /** Base URL of the cloud's API, without a trailing slash. */
  readonly baseUrl: string;
  /** Secret. Never logged, never in argv or environment. */
  readonly token?: string;
  readonly network?: NetworkSettings;
}

/** How this computer reaches the network; taken from the editor's settings. */
export interface NetworkSettings {
  /** URL of an HTTP proxy; credentials in it are secret. */
  readonly proxyUrl?: string;
  /** Value of the header that authenticates to the proxy (RFC 9110 section 11.7.2). Secret. */
  readonly proxyAuthorization?: string;
  /** Hosts reached without the proxy: names, `.suffix`, or `*`. */
  readonly noProxy?: readonly string[];
  /** PEM certificates trusted besides the system's. */
  readonly extraCa?: readonly string[];
  /** False accepts any certificate; only by the user's own setting. */
  readonly strictTls?: boolean;
}

export type SandboxStatus =
  | 'creating'
  | 'running'
  | 'starting'
  | 'stopping'
  | 'stopped'
  | 'paused'
  | 'failed'
  /** Anything a newer cloud may say. */
  | 'unknown';

export interface Sandbox {
  /** Opaque; unique within the account. */
  readonly id: string;
  /** What the user calls it; untrusted text. */
  readonly name: string;
  readonly status: SandboxStatus;
  readonly image?: string;
  readonly createdAt?: Date;
  /** When the cloud will stop it, unless somebody uses it before; only where the cloud tells. */
  readonly stopsAt?: Date;
  /** A caution that every place showing this sandbox must show, such as "not isolated". */
  readonly notice?: string;
  /** True: it is just there, and whoever runs it starts, stops and deletes it; here that is `unsupported`. */
  readonly isFixed?: boolean;
}

/** One page of a list. */
export interface SandboxPage {
  readonly sandboxes: readonly Sandbox[];
  /** Token of the next page; absent on the last. */
  readonly next?: string;
}

export interface AccountInfo {
  /** Stable name of who is signed in; part of an account's identity. */
  readonly user: string;
  /** How to show the account, e.g. an e-mail address; untrusted text. */
  readonly label: string;
}

/** How people sign in to a kind of cloud, as data for the form. */
export interface SignIn {
  /** The address that most people have, if there is one. */
  readonly baseUrl?: string;
  /** The easiest first. */
  readonly methods: readonly [SignInMethod, ...SignInMethod[]];
}

export type SignInMethod = TokenMethod | DeviceFlowMethod;

/** A secret that people bring along. */
export interface TokenMethod {
  readonly kind: 'token';
  /** What the cloud calls it. */
  readonly name: 'accessToken' | 'apiKey' | 'sessionKey';
  /** Page of the cloud on which one gets it; a path below the base URL. */
  readonly page?: string;
  /** True: some servers of this kind let everybody in. */
  readonly isOptional?: boolean;
}

/** In a browser, by the OAuth 2.0 device authorization grant (RFC 8628). Its access token is the cloud's token. */
export interface DeviceFlowMethod {
  readonly kind: 'deviceFlow';
  readonly flow: DeviceFlow;
}

/** One kind of cloud. */
export interface Provider {
  readonly kind: string;
  readonly title: string;
  readonly signIn: SignIn;
  /** Whether sandboxes can be made in it. */
  readonly canCreate: boolean;
  /** Where the cloud counts requests: the least time between two looks at its list, for each page, in milliseconds. */
  readonly leastPollMs?: number;
  /** Opens a client; sends nothing yet. Throws a {@link CloudError} `invalid` for an endpoint that cannot be one. */
  connect(endpoint: Endpoint, log: Logger): CloudClient;
}

/** A cloud that lets only so many sandboxes run at once pauses one to start another. */
export interface StartConsequence {
  /** How many others run. */
  readonly running: number;
  /** The one that is paused if that is as many as may run: the cloud does not tell. */
  readonly mayPause: Sandbox;
}

/** A client of one account of one cloud. All methods reject with a {@link CloudError} or the signal's reason. */
export interface CloudClient {
  /** Who the credentials belong to; rejects as `unauthenticated` when they are wrong. */
  whoAmI(signal?: AbortSignal): Promise<AccountInfo>;
  listPage(pageToken?: string, signal?: AbortSignal): Promise<SandboxPage>;
  get(id: string, signal?: AbortSignal): Promise<Sandbox>;
  /** That of {@link get}, without waiting for what only people want to know. */
  status(id: string, signal?: AbortSignal): Promise<SandboxStatus>;
  /** What {@link create} can be asked for, in the order of importance. */
  createFields(signal?: AbortSignal): Promise<readonly CreateField[]>;
  create(options: CreateOptions, signal?: AbortSignal): Promise<Sandbox>;
  /**
   * What happens to other sandboxes if this one is started, or a new one is made, and people must be told of before.
   * Undefined: nothing; absent: never anything.
   */
  startConsequence?(id: string | undefined, signal?: AbortSignal): Promise<StartConsequence | undefined>;
  /** Resolves once the sandbox runs. */
  start(id: string, signal?: AbortSignal): Promise<Sandbox>;
  stop(id: string, signal?: AbortSignal): Promise<Sandbox>;
  delete(id: string, signal?: AbortSignal): Promise<void>;
  transport(id: string): Transport;
  /** Closes idle connections. What is under way ends by itself. */
  dispose(): void;
}

export interface TransportCapabilities {
  /**
   * Whether stdout and stderr of an exec arrive byte for byte. `unknown`: find out by a probe before sending
   * anything binary through it: some clouds decode output as UTF-8 and replace what is not.
   */
  readonly binaryOutput: 'yes' | 'no' | 'unknown';
}

/** How bytes get into one running sandbox. */
export interface Transport {
  /** What this cloud can do; asked once and kept. */
  capabilities(signal?: AbortSignal): Promise<TransportCapabilities>;
  /** The latest round-trip time to the cloud, in milliseconds; undefined until one was measured. */
  roundTripMs(): number | undefined;
  /** Starts a program. Resolves once its streams are attached. Rejects as `unsupported` where a cloud has no streams. */
  exec(request: ExecRequest, signal?: AbortSignal): Promise<RemoteProcess>;
  /** Where a cloud has no streams to a program: the way in for our agent. */
  readonly agentHost?: AgentHost;
  /** The SSH server that the sandbox runs by itself, if it does; asked for at each connection. */
  sshService?(signal?: AbortSignal): Promise<SshService | undefined>;
  /** Tells the cloud that the sandbox is in use, where nothing else does. To be called now and then while it is. */
  keepAlive?(signal?: AbortSignal): Promise<void>;
}

/** How our agent gets into a sandbox whose cloud streams nothing to or from a program, and is reached there. */
export interface AgentHost {
  /**
   * Runs a script by `sh` to its end, without input. Rejects as `unreachable` if it does not end in time. Others may
   * be able to read the script in the cloud: no secret may be in it.
   */
  run(script: string, signal?: AbortSignal): Promise<ScriptResult>;
  /** Writes a file, whole, making its folder. Its mode is what the sandbox's umask gives. */
  upload(path: string, content: Buffer, signal?: AbortSignal): Promise<void>;
  /** Ports of the sandbox to which the cloud lets anyone in by HTTP, the best one first. */
  publicPorts(signal?: AbortSignal): Promise<readonly PublicPort[]>;
}

export interface ScriptResult {
  readonly code: number;
  /** Text; what is not UTF-8 may be damaged, and of a long one only the end may be left. */
  readonly stdout: string;
  readonly stderr: string;
}

export interface PublicPort {
  /** On which a server in the sandbox has to listen. */
  readonly port: number;
  /** Opens a WebSocket to that server. Rejects as `unreachable` while nothing listens there. */
  dial(options: PublicPortDial): Promise<CloudWebSocket>;
}

export interface PublicPortDial {
  /** Begins with "/". What the cloud's router puts before it reaches the server too, if that does not take it off. */
  readonly path: string;
  /** Secret ones are never logged. */
  readonly headers: Readonly<Record<string, string>>;
  readonly onRoundTrip?: (ms: number) => void;
  readonly signal?: AbortSignal;
}

/** An SSH server in the sandbox, and how to reach it. */
export interface SshService {
  readonly user: string;
  /** Lines of type and base64; the server must show one of them. Absent where the cloud does not tell. */
  readonly hostKeys?: readonly string[];
  /** Opens a connection to it. */
  dial(signal?: AbortSignal): Promise<Duplex>;
  /**
   * Lets a key in, given as type and base64, from now on. Present where the server does not know the user's keys by
   * itself; it may still refuse the key afterwards.
   */
  authorize?(publicKey: string, signal?: AbortSignal): Promise<void>;
}

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

export interface ExecRequest {
  /** Program and arguments; no shell is involved. */
  readonly argv: readonly [string, ...string[]];
  readonly env?: Readonly<Record<string, string>>;
  readonly workingDirectory?: string;
  /** Present: run in a pseudo-terminal of that size; stderr then comes on stdout. */
  readonly terminal?: TerminalSize;
}

/** A signal's name as in RFC 4254 section 6.9: without "SIG". */
export type SignalName =
  | 'ABRT'
  | 'ALRM'
  | 'FPE'
  | 'HUP'
  | 'ILL'
  | 'INT'
  | 'KILL'
  | 'PIPE'
  | 'QUIT'
  | 'SEGV'
  | 'TERM'
  | 'USR1'
  | 'USR2';

/** How a process ended. */
export type ExitStatus = { readonly code: number } | { readonly signal: SignalName };

/**
 * A process in a sandbox. Its owner must call {@link RemoteProcess.kill} when it loses interest. When the sandbox is
 * lost the streams fail too; nobody needs to listen for their errors, `exited` has the reason.
 */
export interface RemoteProcess {
  /** Ending it is the process's end of input. Writes are held while the sandbox does not read. */
  readonly stdin: Writable;
  /** Not reading it holds the process. */
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Settles after both outputs ended; rejects with a {@link CloudError} when the sandbox was lost. */
  readonly exited: Promise<ExitStatus>;
  /** Takes effect at once or not at all; never rejects. */
  resize(size: TerminalSize): void;
  /** Sends a signal to the process's group; never rejects. */
  signal(name: SignalName): void;
  /**
   * Ends the process and its group for good and lets go of the streams. `exited` settles once the cloud has
   * confirmed it, or after a few seconds without an answer. Calling it again is harmless.
   */
  kill(): void;
}
