import type { Socket } from 'node:net';
import { ResponseError, type CancellationToken, type MessageConnection } from 'vscode-jsonrpc/node';
import type { Disposable } from '../base/disposable';
import { describeError, printable } from '../base/errors';
import type { Logger } from '../base/logger';
import { openChannel } from './channel';
import {
  grantRequest,
  MAX_REQUEST_BYTES,
  parseConnectionState,
  parseGrantParams,
  stateNotification,
  syncRequest,
} from './messages';
import type { ConnectionState, GrantAnswer } from './protocol';

export interface PeerOptions {
  readonly grant: (alias: string, signal: AbortSignal) => Promise<GrantAnswer>;
  readonly onState: (state: ConnectionState) => void;
  readonly log: Logger;
  /** How long a peer that reports no connection may stay without a word, in milliseconds. */
  readonly idleMs: number;
}

/** A peer asks for one grant; more at a time is a peer gone wrong. */
const MAX_PENDING_GRANTS = 4;
/** A peer is one connection. */
const MAX_STATES = 4;
/** JSON-RPC's server error range (specification section 5.1). */
const SERVER_BUSY = -32_000;

/** One process on the other side of a broker's socket. Ends by itself when the socket closes. */
export class Peer implements Disposable {
  readonly #socket: Socket;
  readonly #options: PeerOptions;
  readonly #closed = new AbortController();
  /** Last reported states of the connections that did not say they closed. */
  readonly #open = new Map<string, ConnectionState>();
  readonly #idleTimer: NodeJS.Timeout;
  #pendingGrants = 0;

  constructor(socket: Socket, options: PeerOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#idleTimer = setTimeout(() => this.#dropIfIdle(), options.idleMs);
    this.#idleTimer.unref();
    socket.once('close', () => this.#onClose());
    this.#serve(openChannel(socket, MAX_REQUEST_BYTES, options.log));
  }

  dispose(): void {
    this.#socket.destroy();
  }

  #serve(channel: MessageConnection): void {
    channel.onRequest(grantRequest, (params, token) => this.#onGrant(params, token));
    channel.onNotification(stateNotification, (params) => this.#onState(params));
    channel.onRequest(syncRequest, () => null);
    channel.listen();
  }

  async #onGrant(params: unknown, token: CancellationToken): Promise<GrantAnswer> {
    this.#idleTimer.refresh();
    const { alias } = parseGrantParams(params);
    if (this.#pendingGrants >= MAX_PENDING_GRANTS)
      throw new ResponseError(SERVER_BUSY, 'Too many requests at once');
    this.#pendingGrants++;
    const cancelled = new AbortController();
    const cancel = (): void => cancelled.abort();
    const subscription = token.onCancellationRequested(cancel);
    this.#closed.signal.addEventListener('abort', cancel);
    try {
      return await this.#options.grant(alias, cancelled.signal);
    } catch (error) {
      this.#options.log.warn(`No grant for ${printable(alias)}: ${describeError(error)}`);
      throw error;
    } finally {
      this.#pendingGrants--;
      subscription.dispose();
      this.#closed.signal.removeEventListener('abort', cancel);
    }
  }

  #onState(params: unknown): void {
    this.#idleTimer.refresh();
    try {
      const state = parseConnectionState(params);
      if (state.phase === 'closed') this.#open.delete(state.connectionId);
      else if (this.#open.size < MAX_STATES || this.#open.has(state.connectionId)) {
        this.#open.set(state.connectionId, state);
      } else return;
      this.#emit(state);
    } catch (error) {
      this.#options.log.debug(`A connection reported nonsense: ${describeError(error)}`);
    }
  }

  #emit(state: ConnectionState): void {
    try {
      this.#options.onState(state);
    } catch (error) {
      this.#options.log.warn(`Showing the state of ${printable(state.alias)}: ${describeError(error)}`);
    }
  }

  #dropIfIdle(): void {
    if (this.#open.size > 0 || this.#pendingGrants > 0) this.#idleTimer.refresh();
    else this.#socket.destroy();
  }

  #onClose(): void {
    clearTimeout(this.#idleTimer);
    this.#closed.abort();
    for (const state of this.#open.values()) {
      this.#emit({ ...state, phase: 'closed', detail: 'The connection ended' });
    }
    this.#open.clear();
  }
}
