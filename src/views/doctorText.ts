import * as vscode from 'vscode';
import { printable } from '../base/errors';
import type {
  CertificateChecks,
  CheckName,
  Finding,
  FindingOf,
  Outcome,
  Results,
} from '../remote/doctor/findings';

/** A finding in words. */
export interface FindingText {
  readonly says: string;
  /** What to do about it. */
  readonly advice?: string;
}

/** A function, since texts are known only once the editor has told its language. */
export function checkTitle(name: CheckName): string {
  switch (name) {
    case 'ssh':
      return vscode.l10n.t('SSH client');
    case 'remoteSsh':
      return vscode.l10n.t('Remote-SSH');
    case 'network':
      return vscode.l10n.t('Network settings');
    case 'windows':
      return vscode.l10n.t('Windows of this editor');
    case 'launcher':
      return vscode.l10n.t('Connection program');
    case 'endpoint':
      return vscode.l10n.t('Address');
    case 'lookUp':
      return vscode.l10n.t('Host name');
    case 'reach':
      return vscode.l10n.t('Way to the cloud');
    case 'authentication':
      return vscode.l10n.t('Sign-in');
    case 'state':
      return vscode.l10n.t('State');
    case 'webSocket':
      return vscode.l10n.t('WebSocket');
    case 'exec':
      return vscode.l10n.t('Running a command');
    case 'options':
      return vscode.l10n.t('SSH configuration');
    case 'grant':
      return vscode.l10n.t('Keys and credentials');
    case 'echo':
      return vscode.l10n.t('Connection by ssh');
  }
}

export function outcomeWord(outcome: Outcome): string {
  switch (outcome) {
    case 'ok':
      return vscode.l10n.t('ok');
    case 'warning':
      return vscode.l10n.t('warning');
    case 'failed':
      return vscode.l10n.t('FAILED');
    case 'skipped':
      return vscode.l10n.t('skipped');
  }
}

/** Text from elsewhere is on one line and of a bounded length. */
export function findingText(finding: Finding): FindingText {
  const { says, advice } = textOf(finding);
  return { says: printable(says, 1000), ...(advice && { advice: printable(advice, 1000) }) };
}

function textOf<R extends keyof Results>({ result, values }: FindingOf<R>): FindingText {
  return texts[result](values);
}

const texts: { readonly [R in keyof Results]: (values: Results[R]) => FindingText } = {
  sshFound: ({ program, version }) => ({ says: vscode.l10n.t('{0} is {1}', program, version) }),
  sshOld: ({ program, version }) => ({
    says: vscode.l10n.t('{0} is {1}, which is too old', program, version),
    advice: vscode.l10n.t(
      'Install OpenSSH 7.3 or newer, or name another one in the setting remote.SSH.path.',
    ),
  }),
  sshUnknown: ({ program, said }) => ({
    says: vscode.l10n.t('{0} does not say that it is OpenSSH, but: {1}', program, said),
    advice: vscode.l10n.t('Install an OpenSSH client if ssh does not work with sandboxes.'),
  }),
  remoteSshFound: ({ title, id }) => ({ says: vscode.l10n.t('{0} is installed ({1})', title, id) }),
  remoteSshMissing: ({ title }) => ({
    says: vscode.l10n.t('Not installed, so sandboxes open as terminals only'),
    advice: vscode.l10n.t('Install the extension “{0}” to open sandboxes as folders.', title),
  }),
  remoteSshUnavailable: () => ({
    says: vscode.l10n.t('This editor cannot open another computer; terminals work'),
  }),
  direct: ({ certificates }) => networkText(vscode.l10n.t('No proxy'), certificates),
  byProxy: ({ proxy, except, certificates }) =>
    networkText(
      except
        ? vscode.l10n.t('By the proxy {0}, except for {1}', proxy, except)
        : vscode.l10n.t('By the proxy {0}', proxy),
      certificates,
    ),
  windowsAnswer: ({ count }) => ({
    says: count === 1 ? vscode.l10n.t('This one answers') : vscode.l10n.t('{0} answer', count),
  }),
  windowsSilent: () => ({
    says: vscode.l10n.t('No window answers, so connections get no credentials'),
    advice: vscode.l10n.t('Reload the window.'),
  }),
  launcherRuns: ({ ms }) => ({ says: vscode.l10n.t('Greets {0} ms after it is started', rounded(ms)) }),
  launcherAbsent: () => ({ says: vscode.l10n.t('Is written when a sandbox is first opened') }),
  launcherFails: ({ said }) => ({
    says: vscode.l10n.t('Does not start: {0}', said),
    advice: vscode.l10n.t('Reload the window; it writes the program anew.'),
  }),
  endpointKnown: ({ url }) => ({ says: url }),
  lookedUp: ({ host, addresses }) => ({ says: vscode.l10n.t('{0} is {1}', host, addresses) }),
  lookUpByProxy: ({ host, proxy }) => ({
    says: vscode.l10n.t('The proxy {0} is known, and looks up {1}', proxy, host),
  }),
  isAddress: ({ host }) => ({ says: vscode.l10n.t('{0} needs no looking up', host) }),
  reached: ({ ms }) => ({ says: vscode.l10n.t('Answers after {0} ms, on this computer', rounded(ms)) }),
  reachedByTls: ({ ms, protocol, issuer, until }) => ({
    says: vscode.l10n.t(
      'Answers after {0} ms by {1}; certificate by {2}, good until {3}',
      rounded(ms),
      protocol,
      issuer,
      until,
    ),
  }),
  reachedInClear: ({ ms }) => ({
    says: vscode.l10n.t('Answers after {0} ms, without encryption', rounded(ms)),
    advice: vscode.l10n.t('Use the https:// address of the cloud: anyone on the way can read the token.'),
  }),
  signedIn: ({ label, ms }) => ({
    says: vscode.l10n.t('The cloud knows us as {0}, after {1} ms', label, rounded(ms)),
  }),
  running: ({ status }) => ({ says: status }),
  notRunning: ({ status }) => ({
    says: vscode.l10n.t('The sandbox is {0}', status),
    advice: vscode.l10n.t('Start the sandbox and diagnose again: nothing else starts it.'),
  }),
  webSocketOpen: ({ ms, roundTripMs }) => ({
    says:
      roundTripMs === undefined
        ? vscode.l10n.t('Opens in {0} ms', rounded(ms))
        : vscode.l10n.t(
            'Opens in {0} ms; to the cloud and back in {1} ms',
            rounded(ms),
            rounded(roundTripMs),
          ),
  }),
  publicPorts: ({ ports }) => ({
    says: vscode.l10n.t('Leads to public ports of the sandbox ({0})', ports),
  }),
  noPublicPort: () => ({
    says: vscode.l10n.t('The cloud lets nobody in at any port of the sandbox'),
    advice: vscode.l10n.t('Make a sandbox with a public port for workers, or ask who runs the cloud.'),
  }),
  scriptWorks: ({ ms }) => ({ says: vscode.l10n.t('A script ran, in {0} ms', rounded(ms)) }),
  execWorks: ({ ms }) => ({ says: vscode.l10n.t('Every byte came back, after {0} ms', rounded(ms)) }),
  execDamages: ({ ms }) => ({
    says: vscode.l10n.t(
      'An answer after {0} ms, but the cloud damages output that is not text; a program in the sandbox encodes it',
      rounded(ms),
    ),
    advice: vscode.l10n.t('Make sure that the sandbox has perl, python3 or node.'),
  }),
  execFails: ({ said }) => ({
    says: vscode.l10n.t('The command failed: {0}', said),
    advice: vscode.l10n.t('The sandbox needs a POSIX shell (sh) and cat.'),
  }),
  optionsAgree: () => ({ says: vscode.l10n.t('ssh uses what we wrote (ssh -G)') }),
  optionsDiffer: ({ count }) => ({
    says:
      count === 1
        ? vscode.l10n.t('One of your options wins over ours (ssh -G):')
        : vscode.l10n.t('{0} of your options win over ours (ssh -G):', count),
    advice: vscode.l10n.t(
      'Move these lines below our Include line, or put them in a Host block that leaves *.sbx out.',
    ),
  }),
  optionsApart: ({ files }) => ({
    says: vscode.l10n.t('{0} does not refer to our files; that is asked for when a sandbox is opened', files),
  }),
  granted: ({ ms }) => ({ says: vscode.l10n.t('A window hands them out, after {0} ms', rounded(ms)) }),
  echoed: ({ connectMs, roundTripMs }) => ({
    says: vscode.l10n.t(
      'Connected after {0} ms; a line goes into the sandbox and back in {1} ms',
      rounded(connectMs),
      rounded(roundTripMs),
    ),
  }),
  echoFails: ({ said }) => ({
    says: vscode.l10n.t('ssh ended: {0}', said),
    advice: vscode.l10n.t('What ssh said last stands below.'),
  }),
  problem: ({ message }) => ({ says: message }),
  needsFirst: ({ check }) => ({ says: vscode.l10n.t('Needs “{0}” to work', checkTitle(check)) }),
  cancelled: () => ({ says: vscode.l10n.t('Cancelled') }),
};

function networkText(way: string, certificates: CertificateChecks): FindingText {
  if (certificates !== 'none') return { says: `${way}; ${certificatesText(certificates.ownAuthorities)}` };
  const lax = vscode.l10n.t('certificates are not checked, so anyone on the way can read tokens and work');
  return {
    says: `${way}; ${lax}`,
    advice: vscode.l10n.t('Turn the setting http.proxyStrictSSL on again.'),
  };
}

function certificatesText(own: number): string {
  return own === 0
    ? vscode.l10n.t('certificates are checked')
    : vscode.l10n.t('certificates are checked, also by authorities of this computer ({0})', own);
}

function rounded(ms: number): string {
  return ms < 10 ? ms.toFixed(1) : String(Math.round(ms));
}
