/** How open connections look under their sandbox. */
import * as vscode from 'vscode';
import { printable } from '../base/errors';
import type { ConnectionPhase, ConnectionState, OpenForward } from '../broker/protocol';
import { servesEditor } from '../remote/connections';
import { joined, phaseWord, spinning, type Icon, type Row } from './presentation';
import { sinceText } from './text';

export interface ConnectionRowOptions {
  /** This window's own id. */
  readonly windowId: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

const MAX_NAME_LENGTH = 80;

const phaseIcons: Readonly<Partial<Record<ConnectionPhase, Icon>>> = {
  connecting: spinning,
  reconnecting: { id: 'sync~spin', color: 'charts.yellow' },
};

export function connectionRow(state: ConnectionState, { windowId, now }: ConnectionRowOptions): Row {
  const { phase } = state;
  const { label, icon } = describeUse(state, windowId);
  const detail = printable(state.detail ?? '', 200);
  const roundTrip = state.roundTripMs !== undefined && vscode.l10n.t('{0} ms', Math.round(state.roundTripMs));
  const since = vscode.l10n.t('since {0}', sinceText(new Date(state.since), now));
  const trouble = phase !== 'connected' && joined([phaseWord(phase), detail], ': ');
  return {
    label,
    description: joined([trouble, roundTrip, since], ' · '),
    tooltip: () =>
      joined(
        [
          label,
          vscode.l10n.t('State: {0}', joined([phaseWord(phase), detail], ': ')),
          roundTrip && vscode.l10n.t('Round trip to the cloud: {0}', roundTrip),
          vscode.l10n.t('Open {0}, process {1}', since, state.pid),
        ],
        '\n',
      ),
    icon: phaseIcons[phase] ?? icon,
    context: 'connection',
  };
}

export function forwardRow({ target, count }: OpenForward): Row {
  const label = printable(target, MAX_NAME_LENGTH);
  return {
    label,
    description:
      count === 1
        ? vscode.l10n.t('1 forwarded connection')
        : vscode.l10n.t('{0} forwarded connections', count),
    tooltip: () => vscode.l10n.t('Connections forwarded to {0} in the sandbox: {1}', label, count),
    icon: { id: 'arrow-swap' },
    context: 'forward',
  };
}

interface Use {
  readonly label: string;
  readonly icon: Icon;
}

/** What a connection is for. It knows its channels and, of a terminal, the program; never which window it serves. */
function describeUse(state: ConnectionState, ownWindow: string): Use {
  const { windowId, terminalProgram, channels } = state;
  const terminal = { id: 'terminal' };
  if (windowId !== undefined) {
    const isOurs = windowId === ownWindow;
    return {
      label: isOurs ? vscode.l10n.t('Terminal in this window') : vscode.l10n.t('Terminal in another window'),
      icon: terminal,
    };
  }
  if (!channels) return { label: vscode.l10n.t('Connection'), icon: { id: 'plug' } };
  const { terminals, commands, transfers, forwards } = channels;
  if (terminals > 0) return { label: terminalLabel(terminalProgram), icon: terminal };
  if (servesEditor(state)) return { label: vscode.l10n.t('Editor window'), icon: { id: 'window' } };
  if (transfers > 0) return { label: vscode.l10n.t('File transfer'), icon: { id: 'files' } };
  if (commands > 0) return { label: vscode.l10n.t('Command'), icon: { id: 'play-circle' } };
  if (forwards.length > 0) return { label: vscode.l10n.t('Port forwarding'), icon: { id: 'arrow-swap' } };
  return { label: vscode.l10n.t('Connection'), icon: { id: 'plug' } };
}

function terminalLabel(program: string | undefined): string {
  if (!program) return vscode.l10n.t('Terminal');
  if (program === 'vscode') return vscode.l10n.t('Terminal of an editor');
  const name = printable(program, MAX_NAME_LENGTH)
    .replace(/\.app$/, '')
    .replaceAll('_', ' ');
  return vscode.l10n.t('Terminal ({0})', name);
}
