/** How sandboxes and accounts look: rows of text and icons, for the tree and the quick picks. */
import * as vscode from 'vscode';
import { describeError, printable } from '../base/errors';
import type { ConnectionPhase } from '../broker/protocol';
import { cloudErrorCode } from '../cloud/errors';
import type { Sandbox, SandboxStatus } from '../cloud/provider';
import { canCreateIn } from '../cloud/registry';
import { accountHost, isLocal, type Account } from '../sandboxes/account';
import { isNotRunning } from '../sandboxes/localCloud';
import type { AccountSandboxes } from '../sandboxes/sandboxList';
import type { CommandName } from './ids';
import { dateTimeText, nameText, timeLeftText, timeText } from './text';

/** A product icon and the theme colour to draw it in. */
export interface Icon {
  readonly id: string;
  readonly color?: string;
}

interface StatusLook {
  readonly icon: Icon;
  readonly word: () => string;
  readonly offers: readonly Offer[];
}

/** Words in a tree item's context value, on which menus depend. */
type Offer = 'startable' | 'stoppable' | 'deletable';

export const spinning: Icon = { id: 'loading~spin' };
const running: Icon = { id: 'vm-running', color: 'charts.green' };
const failed: Icon = { id: 'error', color: 'charts.red' };
const looks: Readonly<Record<SandboxStatus, StatusLook>> = {
  creating: { icon: spinning, word: () => vscode.l10n.t('creating'), offers: [] },
  running: { icon: running, word: () => vscode.l10n.t('running'), offers: ['stoppable'] },
  starting: { icon: spinning, word: () => vscode.l10n.t('starting'), offers: ['stoppable'] },
  stopping: { icon: spinning, word: () => vscode.l10n.t('stopping'), offers: [] },
  stopped: { icon: { id: 'vm-outline' }, word: () => vscode.l10n.t('stopped'), offers: ['startable'] },
  paused: {
    icon: { id: 'debug-pause' },
    word: () => vscode.l10n.t('paused'),
    offers: ['startable', 'stoppable'],
  },
  failed: { icon: failed, word: () => vscode.l10n.t('failed'), offers: ['startable', 'stoppable'] },
  unknown: {
    icon: { id: 'question' },
    word: () => vscode.l10n.t('state unknown'),
    offers: ['startable', 'stoppable'],
  },
};

/** A row of a list. All text is plain. */
export interface Row {
  readonly label: string;
  readonly description: string;
  /** Asked for when it is shown: of thousands of rows that is one. */
  readonly tooltip: () => string;
  readonly icon: Icon;
  /** For `when` clauses of menus. */
  readonly context: string;
}

/** Whether two rows look the same before one asks for more. */
export function isSameRow(a: MessageRow, b: MessageRow): boolean {
  return (
    a.label === b.label &&
    a.description === b.description &&
    a.icon.id === b.icon.id &&
    a.icon.color === b.icon.color &&
    a.context === b.context &&
    a.command === b.command
  );
}

export function statusIcon(status: SandboxStatus): Icon {
  return looks[status].icon;
}

export function statusWord(status: SandboxStatus): string {
  return looks[status].word();
}

export function isStartable(sandbox: Sandbox): boolean {
  return offersOf(sandbox).includes('startable');
}

export function isStoppable(sandbox: Sandbox): boolean {
  return offersOf(sandbox).includes('stoppable');
}

export function isDeletable(sandbox: Sandbox): boolean {
  return offersOf(sandbox).includes('deletable');
}

function offersOf({ status, isFixed }: Sandbox): readonly Offer[] {
  return isFixed ? [] : [...looks[status].offers, 'deletable'];
}

export interface SandboxRowOptions {
  /** It is being created and nothing can be done with it yet. */
  readonly placeholder?: boolean;
  /** State of the connection to it, if there is one. */
  readonly connection?: ConnectionPhase;
  /** Given where the row does not stand under its account. */
  readonly account?: Account;
  /** Milliseconds since the epoch. */
  readonly now?: number;
}

export function sandboxRow(sandbox: Sandbox, options: SandboxRowOptions = {}): Row {
  const { icon, word } = looks[sandbox.status];
  const { placeholder, connection, account, now = Date.now() } = options;
  const state = connection ? `${word()}, ${phaseWord(connection)}` : word();
  const label = nameText(sandbox.name);
  const image = sandbox.image && printable(sandbox.image, 200);
  const notice = sandbox.notice && printable(sandbox.notice, 200);
  const timeLeft = sandbox.status === 'running' && sandbox.stopsAt && timeLeftText(sandbox.stopsAt, now);
  const cloud = account && nameText(account.label);
  return {
    label,
    description: joined([state, timeLeft, notice, image, cloud], ' · '),
    tooltip: () =>
      joined(
        [
          label,
          vscode.l10n.t('Status: {0}', state),
          timeLeft && vscode.l10n.t('If nobody uses it, it {0}', timeLeft),
          image && vscode.l10n.t('Image: {0}', image),
          cloud && vscode.l10n.t('Cloud: {0}', cloud),
          sandbox.createdAt && vscode.l10n.t('Created {0}', dateTimeText(sandbox.createdAt)),
          notice,
        ],
        '\n',
      ),
    icon,
    context: placeholder ? 'placeholder' : ['sandbox', ...offersOf(sandbox)].join(' '),
  };
}

export function phaseWord(phase: ConnectionPhase): string {
  switch (phase) {
    case 'connecting':
      return vscode.l10n.t('connecting');
    case 'connected':
      return vscode.l10n.t('connected');
    case 'reconnecting':
      return vscode.l10n.t('reconnecting');
    case 'closed':
      return vscode.l10n.t('closed');
  }
}

export function accountRow(account: Account): Row {
  const label = nameText(account.label);
  const host = printable(accountHost(account), 200);
  return {
    label,
    description: host,
    tooltip: () => `${label}\n${host}`,
    icon: { id: isLocal(account) ? 'device-desktop' : 'cloud' },
    context: ['account', ...(canCreateIn(account.provider) ? ['creatable'] : [])].join(' '),
  };
}

/** A row whose click does what it says. */
export interface MessageRow extends Row {
  readonly command?: CommandName;
}

/** The row that stands under an account when there is something to say besides its sandboxes. */
export function accountMessage(entry: AccountSandboxes): MessageRow | undefined {
  const { phase, sandboxes, error } = entry;
  if (isNotRunning(error)) {
    const description = vscode.l10n.t('not running');
    return message(vscode.l10n.t('Start Local Cloud'), description, { id: 'play' }, 'useLocalCloud');
  }
  if (phase === 'failed') return failureMessage(entry);
  if (sandboxes.length > 0) return undefined;
  if (phase === 'loading') return message(vscode.l10n.t('Loading…'), '', spinning);
  return message(
    vscode.l10n.t('Create a sandbox'),
    vscode.l10n.t('there is none yet'),
    { id: 'add' },
    'create',
  );
}

/** Says why the cloud's list cannot be read, and how old the one is that is shown. */
function failureMessage({ sandboxes, error, listedAt }: AccountSandboxes): MessageRow {
  const text = describeError(error);
  const age = sandboxes.length > 0 && listedAt && vscode.l10n.t('list from {0}', timeText(listedAt));
  const isRefused = cloudErrorCode(error) === 'unauthenticated';
  const icon = { id: 'warning', color: 'charts.yellow' };
  return {
    ...message(
      isRefused ? vscode.l10n.t('Sign in again') : vscode.l10n.t('Retry'),
      joined([age, text], ' · '),
      icon,
    ),
    tooltip: () => joined([text, age && vscode.l10n.t('What is shown is the {0}.', age)], '\n'),
    command: isRefused ? 'signIn' : 'refresh',
  };
}

/** What is shown when a filter leaves nothing. */
export function noMatchMessage(): MessageRow {
  return message(
    vscode.l10n.t('Clear the filter'),
    vscode.l10n.t('no sandbox matches it'),
    { id: 'clear-all' },
    'clearFilter',
  );
}

function message(label: string, description: string, icon: Icon, command?: CommandName): MessageRow {
  return {
    label,
    description,
    tooltip: () => `${label} ${description}`,
    icon,
    context: 'message',
    ...(command && { command }),
  };
}

export function joined(parts: readonly (string | false | undefined)[], separator: string): string {
  return parts.filter((part) => part).join(separator);
}
