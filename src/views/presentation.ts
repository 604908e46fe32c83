/** How sandboxes and accounts look, apart from the editor's API. */
import { describeError, printable } from '../base/errors';
import type { ConnectionPhase } from '../broker/protocol';
import { cloudErrorCode } from '../cloud/errors';
import type { Sandbox, SandboxStatus } from '../cloud/provider';
import { accountHost, type Account } from '../sandboxes/account';
import { isNotRunning } from '../sandboxes/localCloud';
import type { AccountSandboxes } from '../sandboxes/sandboxList';
import type { CommandName } from './ids';
import { nameText } from './text';

/** A product icon and the theme colour to draw it in. */
export interface Icon {
  readonly id: string;
  readonly color?: string;
}

interface StatusLook {
  readonly icon: Icon;
  readonly word: string;
  /** Words in a tree item's context value, on which menus depend. */
  readonly offers: readonly ('startable' | 'stoppable')[];
}

const spinning: Icon = { id: 'loading~spin' };

const looks: Readonly<Record<SandboxStatus, StatusLook>> = {
  creating: { icon: spinning, word: 'creating', offers: [] },
  running: { icon: { id: 'vm-running', color: 'charts.green' }, word: 'running', offers: ['stoppable'] },
  starting: { icon: spinning, word: 'starting', offers: ['stoppable'] },
  stopping: { icon: spinning, word: 'stopping', offers: [] },
  stopped: { icon: { id: 'vm-outline' }, word: 'stopped', offers: ['startable'] },
  paused: { icon: { id: 'debug-pause' }, word: 'paused', offers: ['startable', 'stoppable'] },
  failed: { icon: { id: 'error', color: 'charts.red' }, word: 'failed', offers: ['startable', 'stoppable'] },
  unknown: { icon: { id: 'question' }, word: 'state unknown', offers: ['startable', 'stoppable'] },
};

/** A row of a list. All text is plain. */
export interface Row {
  readonly label: string;
  readonly description: string;
  readonly tooltip: string;
  readonly icon: Icon;
  /** For `when` clauses of menus. */
  readonly context: string;
}

export function statusIcon(status: SandboxStatus): Icon {
  return looks[status].icon;
}

export function isStartable(sandbox: Sandbox): boolean {
  return looks[sandbox.status].offers.includes('startable');
}

export function isStoppable(sandbox: Sandbox): boolean {
  return looks[sandbox.status].offers.includes('stoppable');
}

export interface SandboxRowOptions {
  /** It is being created and nothing can be done with it yet. */
  readonly placeholder?: boolean;
  /** State of the connection to it, if there is one. */
  readonly connection?: ConnectionPhase;
}

export function sandboxRow(sandbox: Sandbox, options: SandboxRowOptions = {}): Row {
  const { icon, word, offers } = looks[sandbox.status];
  const state = options.connection ? `${word}, ${options.connection}` : word;
  const notice = sandbox.notice && printable(sandbox.notice, 200);
  const image = sandbox.image && printable(sandbox.image, 200);
  const label = nameText(sandbox.name);
  const created = sandbox.createdAt && `Created ${sandbox.createdAt.toLocaleString()}`;
  return {
    label,
    description: joined([state, notice, image], ' · '),
    tooltip: joined([label, `Status: ${state}`, image && `Image: ${image}`, created, notice], '\n'),
    icon,
    context: options.placeholder ? 'placeholder' : ['sandbox', ...offers].join(' '),
  };
}

export function accountRow(account: Account): Row {
  const label = nameText(account.label);
  const host = printable(accountHost(account), 200);
  return {
    label,
    description: host,
    tooltip: `${label}\n${host}`,
    icon: { id: account.id === 'local' ? 'device-desktop' : 'cloud' },
    context: 'account',
  };
}

/** A row whose click does what it says. */
export interface MessageRow extends Row {
  readonly command?: CommandName;
}

/** The row that stands under an account when there is something to say besides its sandboxes. */
export function accountMessage(entry: AccountSandboxes): MessageRow | undefined {
  const { phase, sandboxes, error } = entry;
  const plain = { tooltip: '', context: 'message' };
  if (isNotRunning(error)) {
    const row = { label: 'Start Local Cloud', description: 'not running', icon: { id: 'play' } };
    return { ...plain, ...row, command: 'useLocalCloud' };
  }
  if (phase === 'failed') {
    const text = describeError(error);
    const description = sandboxes.length > 0 ? `list may be old: ${text}` : text;
    const failed = {
      ...plain,
      description,
      tooltip: text,
      icon: { id: 'warning', color: 'charts.yellow' },
    };
    return cloudErrorCode(error) === 'unauthenticated'
      ? { ...failed, label: 'Sign in again', command: 'signIn' }
      : { ...failed, label: 'Retry', command: 'refresh' };
  }
  if (sandboxes.length > 0) return undefined;
  if (phase === 'loading') return { ...plain, label: 'Loading…', description: '', icon: spinning };
  const description = 'there is none yet';
  return { ...plain, label: 'Create a sandbox', description, icon: { id: 'add' }, command: 'create' };
}

function joined(parts: readonly (string | undefined)[], separator: string): string {
  return parts.filter((part) => part).join(separator);
}
