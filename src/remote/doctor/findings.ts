/** What the doctor can find, as data: the views have the words. */

export type Outcome = 'ok' | 'warning' | 'failed' | 'skipped';

export type CheckName =
  | 'ssh'
  | 'remoteSsh'
  | 'network'
  | 'windows'
  | 'launcher'
  | 'endpoint'
  | 'lookUp'
  | 'reach'
  | 'authentication'
  | 'state'
  | 'webSocket'
  | 'exec'
  | 'options'
  | 'grant'
  | 'echo';

/** A text without values. */
export type Nothing = Readonly<Record<string, never>>;

/** How certificates are checked: not at all, or by the authorities that Node knows and so many of this computer's. */
export type CertificateChecks = 'none' | { readonly ownAuthorities: number };

/** Each result with the values in its text. They may be untrusted. */
export interface Results {
  sshFound: { readonly program: string; readonly version: string };
  sshOld: { readonly program: string; readonly version: string };
  sshUnknown: { readonly program: string; readonly said: string };
  remoteSshFound: { readonly title: string; readonly id: string };
  remoteSshMissing: { readonly title: string };
  remoteSshUnavailable: Nothing;
  direct: { readonly certificates: CertificateChecks };
  byProxy: { readonly proxy: string; readonly except: string; readonly certificates: CertificateChecks };
  windowsAnswer: { readonly count: number };
  windowsSilent: Nothing;
  launcherRuns: { readonly ms: number };
  launcherAbsent: Nothing;
  launcherFails: { readonly said: string };
  endpointKnown: { readonly url: string };
  lookedUp: { readonly host: string; readonly addresses: string };
  lookUpByProxy: { readonly host: string; readonly proxy: string };
  isAddress: { readonly host: string };
  reached: { readonly ms: number };
  reachedByTls: {
    readonly ms: number;
    readonly protocol: string;
    readonly issuer: string;
    readonly until: string;
  };
  reachedInClear: { readonly ms: number };
  signedIn: { readonly label: string; readonly ms: number };
  running: { readonly status: string };
  notRunning: { readonly status: string };
  webSocketOpen: { readonly ms: number; readonly roundTripMs: number | undefined };
  /** In place of a WebSocket and of an exec, where a cloud has no streams to a program. */
  publicPorts: { readonly ports: string };
  noPublicPort: Nothing;
  scriptWorks: { readonly ms: number };
  execWorks: { readonly ms: number };
  execDamages: { readonly ms: number };
  execFails: { readonly said: string };
  optionsAgree: Nothing;
  optionsDiffer: { readonly count: number };
  optionsApart: { readonly files: string };
  granted: { readonly ms: number };
  echoed: { readonly connectMs: number; readonly roundTripMs: number };
  echoFails: { readonly said: string };
  /** The message names the thing and the next step. */
  problem: { readonly message: string };
  needsFirst: { readonly check: CheckName };
  cancelled: Nothing;
}

export type FindingOf<R extends keyof Results> = {
  readonly [K in R]: {
    readonly outcome: Outcome;
    readonly result: K;
    readonly values: Results[K];
    /** Lines that stand below the text as they are: another program's own words. */
    readonly details?: readonly string[];
  };
}[R];

export type Finding = FindingOf<keyof Results>;
