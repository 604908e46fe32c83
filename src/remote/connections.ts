import type { Disposable } from '../base/disposable';
import type { ConnectionState } from '../broker/protocol';
import { Emitter } from '../sandboxes/emitter';

/** Far more than a person opens: beyond it, the oldest can only be one whose end was never reported. */
const MAX_REMEMBERED = 256;

const bestFirst = ['connected', 'reconnecting', 'connecting', 'closed'] as const;

/** The connections that reported to this window's broker. */
export class Connections implements Disposable {
  readonly #open = new Map<string, ConnectionState>();
  /** By alias, how its last connection ended. */
  readonly #ended = new Map<string, ConnectionState>();
  readonly #changed = new Emitter<ConnectionState>();
  readonly onDidChange = this.#changed.event;

  update(state: ConnectionState): void {
    if (state.phase === 'closed') {
      this.#open.delete(state.connectionId);
      remember(this.#ended, state.alias, state);
    } else {
      remember(this.#open, state.connectionId, state);
    }
    this.#changed.fire(state);
  }

  /** Those that are open. */
  get all(): readonly ConnectionState[] {
    return [...this.#open.values()];
  }

  /** Those to one alias that are open, in the order in which they began. */
  of(alias: string): readonly ConnectionState[] {
    const states = [...this.#open.values()].filter((state) => state.alias === alias);
    return states.sort((a, b) => a.since - b.since || (a.connectionId < b.connectionId ? -1 : 1));
  }

  /** The state to show for an alias: that of its best open connection. */
  current(alias: string): ConnectionState | undefined {
    return bestConnection(this.of(alias));
  }

  /** Like {@link current}; when none is open, how the last one ended. */
  latest(alias: string): ConnectionState | undefined {
    return this.current(alias) ?? this.#ended.get(alias);
  }

  dispose(): void {
    this.#open.clear();
    this.#ended.clear();
    this.#changed.dispose();
  }
}

/** One that works is what counts. */
export function bestConnection(states: readonly ConnectionState[]): ConnectionState | undefined {
  const rank = ({ phase }: ConnectionState): number => bestFirst.indexOf(phase);
  return [...states].sort((a, b) => rank(a) - rank(b))[0];
}

/**
 * Whether a connection looks like that of an editor's window: Remote-SSH runs its server in a shell without a terminal
 * and reaches it by forwards.
 */
export function servesEditor({ channels, windowId }: ConnectionState): boolean {
  if (!channels || windowId !== undefined) return false;
  const { terminals, commands, forwards } = channels;
  return terminals === 0 && commands > 0 && forwards.length > 0;
}

function remember(states: Map<string, ConnectionState>, key: string, state: ConnectionState): void {
  states.delete(key);
  states.set(key, state);
  const oldest = states.keys().next().value;
  if (states.size > MAX_REMEMBERED && oldest !== undefined) states.delete(oldest);
}
