import type { ConnectionState } from '../broker/protocol';
import { printable } from '../base/errors';
import { nameText, withoutIcons } from './text';

/** What the status bar shows. */
export interface StatusText {
  readonly text: string;
  readonly tooltip: string;
  /** Something is wrong and the item should stand out. */
  readonly warning: boolean;
}

/** The status of a window that is open in a sandbox. */
export function sandboxWindowText(name: string, state: ConnectionState | undefined): StatusText {
  const shown = withoutIcons(nameText(name));
  if (!state) {
    return { text: `$(cloud) ${shown}`, tooltip: 'Waiting for this window’s connection', warning: false };
  }
  const detail = printable(state.detail ?? '', 200);
  const rtt = state.roundTripMs === undefined ? undefined : `${Math.round(state.roundTripMs)} ms`;
  switch (state.phase) {
    case 'connecting':
      return {
        text: `$(sync~spin) ${shown}: connecting`,
        tooltip: detail || 'Connecting to the sandbox',
        warning: false,
      };
    case 'connected':
      return {
        text: `$(cloud) ${shown}${rtt ? ` ${rtt}` : ''}`,
        tooltip: `Connected${rtt ? `; round trip to the cloud ${rtt}` : ''}`,
        warning: false,
      };
    case 'reconnecting':
      return {
        text: `$(sync~spin) ${shown}: reconnecting`,
        tooltip: detail || 'The connection was lost and is being made again',
        warning: true,
      };
    case 'closed':
      return {
        text: `$(debug-disconnect) ${shown}: disconnected`,
        tooltip: detail || 'The connection ended',
        warning: true,
      };
  }
}

/** The status of any other window. */
export function otherWindowText(states: readonly ConnectionState[]): StatusText {
  const count = states.length;
  const tooltip = count === 0 ? 'Open a cloud sandbox' : `Connections to sandboxes: ${count}`;
  return { text: `$(cloud) Sandboxes${count ? ` ${count}` : ''}`, tooltip, warning: false };
}
