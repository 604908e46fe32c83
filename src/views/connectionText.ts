import * as vscode from 'vscode';
import { printable } from '../base/errors';
import type { EndReason } from '../broker/protocol';
import type { LinkStatus } from '../remote/linkState';
import { nameText, withoutIcons } from './text';

/** What is shown of a window's link to its sandbox, in the status bar and in the menu that a click on it opens. */
export interface StatusText {
  /** May hold icons as `$(id)`. */
  readonly text: string;
  readonly tooltip: string;
  /** The text without its icon. */
  readonly title: string;
  /** What the status means, on one line. */
  readonly explanation: string;
  /** The text as a screen reader says it. */
  readonly spoken: string;
  /** How much the item stands out: words and icons say the same without colour. */
  readonly severity: 'none' | 'warning' | 'error';
}

const MAX_DETAIL_LENGTH = 300;

/** The status of a window that is open in the sandbox of that name. */
export function linkText(name: string, status: LinkStatus): StatusText {
  const { icon, state, explanation, onClick, severity } = lookOf(status);
  const shown = nameText(name);
  const label = state === '' ? shown : vscode.l10n.t('{0}: {1}', shown, state);
  const detail = 'detail' in status ? printable(status.detail ?? '', MAX_DETAIL_LENGTH) : '';
  const title = withoutIcons(label);
  const advice = [explanation, onClick].filter(Boolean).join(' ');
  return {
    text: `$(${icon}) ${title}`,
    tooltip: [vscode.l10n.t('Sandbox “{0}”', shown), advice, detail].filter(Boolean).join('\n'),
    title,
    explanation: [explanation, detail].filter(Boolean).join(' '),
    spoken: vscode.l10n.t('Cloud sandbox {0}', label),
    severity,
  };
}

interface Look {
  readonly icon: string;
  readonly state: string;
  readonly explanation: string;
  /** What a click on the status is for, where that is not plain. */
  readonly onClick?: string;
  readonly severity: StatusText['severity'];
}

function lookOf(status: LinkStatus): Look {
  switch (status.kind) {
    case 'waiting':
      return {
        icon: 'cloud',
        state: '',
        explanation: vscode.l10n.t('This window’s connection has not been heard of yet.'),
        severity: 'none',
      };
    case 'connecting':
      return {
        icon: 'sync~spin',
        state: vscode.l10n.t('connecting'),
        explanation: vscode.l10n.t('The connection is being made.'),
        severity: 'none',
      };
    case 'connected':
      return connectedLook(status.roundTripMs);
    case 'slow':
      return {
        icon: 'watch',
        state: vscode.l10n.t('slow, {0} ms', Math.round(status.roundTripMs)),
        explanation: vscode.l10n.t('Connected, but the cloud takes long to answer.'),
        severity: 'warning',
      };
    case 'reconnecting':
      return {
        icon: 'sync~spin',
        state: vscode.l10n.t('reconnecting ({0})', status.attempt),
        explanation: vscode.l10n.t('The connection was lost. This is attempt {0}.', status.attempt),
        severity: 'warning',
      };
    case 'lost':
      return {
        icon: 'debug-disconnect',
        state: vscode.l10n.t('connection lost'),
        explanation: vscode.l10n.t('The editor does not try again by itself.'),
        onClick: vscode.l10n.t('Click for what can be done.'),
        severity: 'error',
      };
    case 'stopped':
    case 'deleted':
    case 'signed-out':
    case 'not-running':
      return obstacleLook(status.kind);
  }
}

function connectedLook(roundTripMs: number | undefined): Look {
  const ms = roundTripMs === undefined ? undefined : Math.max(1, Math.round(roundTripMs));
  return {
    icon: 'cloud',
    state: ms === undefined ? vscode.l10n.t('connected') : vscode.l10n.t('{0} ms', ms),
    explanation:
      ms === undefined
        ? vscode.l10n.t('Connected.')
        : vscode.l10n.t('Connected. To the cloud and back takes {0} ms.', ms),
    severity: 'none',
  };
}

function obstacleLook(kind: EndReason): Look {
  switch (kind) {
    case 'stopped':
      return {
        icon: 'debug-stop',
        state: vscode.l10n.t('stopped'),
        explanation: vscode.l10n.t('The sandbox is stopped, and is started only when you ask for it.'),
        onClick: vscode.l10n.t('Click to start it.'),
        severity: 'warning',
      };
    case 'deleted':
      return {
        icon: 'trash',
        state: vscode.l10n.t('deleted'),
        explanation: vscode.l10n.t('The cloud does not know this sandbox any more.'),
        severity: 'error',
      };
    case 'signed-out':
      return {
        icon: 'key',
        state: vscode.l10n.t('signed out'),
        explanation: vscode.l10n.t(
          'This computer is signed out of the sandbox’s cloud, or needs a new token for it.',
        ),
        onClick: vscode.l10n.t('Click to sign in again.'),
        severity: 'error',
      };
    case 'not-running':
      return {
        icon: 'debug-stop',
        state: vscode.l10n.t('local cloud not running'),
        explanation: vscode.l10n.t('The cloud on this computer does not run.'),
        onClick: vscode.l10n.t('Click to start it.'),
        severity: 'warning',
      };
  }
}
