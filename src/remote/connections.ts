import type { Disposable } from '../base/disposable';
import type { ConnectionState } from '../broker/protocol';
import { Emitter } from '../sandboxes/emitter';

const maxConnections = 256;

/** The connections that reported to this window's broker and are open. */
export class Connections implements Disposable {
  readonly #open = new Map<string, ConnectionState>();
  readonly #changed = new Emitter<ConnectionState>();
  readonly onDidChange = this.#changed.event;

  update(state: ConnectionState): void {
    this.#open.delete(state.connectionId);
    if (state.phase !== 'closed') this.#open.set(state.connectionId, state);
    // Far more than a person opens: the oldest can only be one whose end was never reported.
    const oldest = this.#open.keys().next().value;
    if (this.#open.size > maxConnections && oldest !== undefined) this.#open.delete(oldest);
    this.#changed.fire(state);
  }

  get all(): readonly ConnectionState[] {
    return [...this.#open.values()];
  }

  /** The state to show for an alias: that of its best connection, since one that works is what counts. */
  of(alias: string): ConnectionState | undefined {
    const states = this.all.filter((state) => state.alias === alias);
    return states.sort((a, b) => rank(a) - rank(b))[0];
  }

  dispose(): void {
    this.#open.clear();
    this.#changed.dispose();
  }
}

function rank(state: ConnectionState): number {
  return ['connected', 'reconnecting', 'connecting', 'closed'].indexOf(state.phase);
}
