import type { Socket } from 'node:net';
import type { MessageConnection } from 'vscode-jsonrpc/node';
import { delay } from '../base/async';
import type { Disposable } from '../base/disposable';
import { describeError, printable } from '../base/errors';
import type { Logger } from '../base/logger';
import { openChannel } from './channel';
import { dial, listEndpoints, type Endpoint } from './endpoints';
import { FolderWatch } from './folderWatch';
import { MAX_REQUEST_BYTES, stateNotification, syncRequest } from './messages';
import type { ConnectionState } from './protocol';

export interface StateReporterOptions {
  /** Folder where brokers are found. */
  readonly dir: string;
  /** The editor whose windows are told. */
  readonly editor: string;
  readonly log: Logger;
  /** How often to look for new windows where file watching does not tell, in milliseconds. */
  readonly rescanMs?: number;
}

const DIAL_MS = 2000;
const MAX_DETAIL_LENGTH = 500;

/**
 * Tells every window of one editor the state of this connection: the latest one, also to windows that open later.
 * A convenience only: it never throws, never holds up its caller and never keeps the process alive.
 */
export class StateReporter implements Disposable {
  readonly #options: StateReporterOptions;
  readonly #links = new Map<string, Link>();
  readonly #disposed = new AbortController();
  #latest: ConnectionState | undefined;
  #watch: FolderWatch | undefined;
  #scanning: Promise<void> | undefined;
  #scanAgain = false;

  constructor(options: StateReporterOptions) {
    this.#options = options;
  }

  report(state: ConnectionState): void {
    if (this.#disposed.signal.aborted) return;
    const { detail, ...rest } = state;
    this.#latest = detail === undefined ? rest : { ...rest, detail: printable(detail, MAX_DETAIL_LENGTH) };
    for (const link of this.#links.values()) link.send(this.#latest);
    // Windows are looked for only now: a link without a state would be idle.
    this.#watch ??= new FolderWatch(this.#options.dir, this.#options.rescanMs ?? 3000, () => this.#scan());
    this.#scan();
  }

  /** Waits until every window that is known has the latest state, so that "closed" and why arrive; bounded. */
  async flush(timeoutMs = 500): Promise<void> {
    const delivered = async (): Promise<void> => {
      await this.#scanning;
      await Promise.all([...this.#links.values()].map((link) => link.delivered()));
    };
    const done = new AbortController();
    const tooLate = delay(timeoutMs, done.signal).catch(() => undefined);
    await Promise.race([delivered(), tooLate]);
    done.abort();
  }

  dispose(): void {
    this.#disposed.abort();
    this.#watch?.dispose();
    for (const link of this.#links.values()) link.dispose();
    this.#links.clear();
  }

  /** Links to brokers that appeared. One scan at a time; what changes during it is found by another one. */
  #scan(): void {
    if (this.#scanning) {
      this.#scanAgain = true;
      return;
    }
    this.#scanning = this.#linkAll()
      .catch((error: unknown) => this.#options.log.debug(`Looking for windows: ${describeError(error)}`))
      .finally(() => {
        this.#scanning = undefined;
        if (!this.#scanAgain) return;
        this.#scanAgain = false;
        this.#scan();
      });
  }

  async #linkAll(): Promise<void> {
    const endpoints = await listEndpoints(this.#options.dir, this.#options.editor);
    const fresh = endpoints.filter(
      ({ editor, file }) => editor === this.#options.editor && !this.#links.has(file),
    );
    await Promise.all(fresh.map((endpoint) => this.#link(endpoint)));
  }

  async #link(endpoint: Endpoint): Promise<void> {
    const attempt = new AbortController();
    const timer = setTimeout(() => attempt.abort(), DIAL_MS);
    timer.unref();
    try {
      const socket = await dial(endpoint, attempt.signal);
      if (this.#disposed.signal.aborted) {
        socket.destroy();
        return;
      }
      socket.unref();
      socket.once('close', () => this.#links.delete(endpoint.file));
      const link = new Link(socket, this.#options.log);
      this.#links.set(endpoint.file, link);
      if (this.#latest) link.send(this.#latest);
    } catch (error) {
      this.#options.log.debug(`Window ${endpoint.file}: ${describeError(error)}`);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** The way to one window. While a message is on its way only the latest of those that follow is kept. */
class Link implements Disposable {
  readonly #channel: MessageConnection;
  #next: ConnectionState | undefined;
  #sending: Promise<void> | undefined;

  constructor(
    private readonly socket: Socket,
    private readonly log: Logger,
  ) {
    this.#channel = openChannel(socket, MAX_REQUEST_BYTES, log);
    this.#channel.listen();
  }

  send(state: ConnectionState): void {
    this.#next = state;
    this.#sending ??= this.#drain();
  }

  /**
   * Settles once the window has taken in all that was to be sent; never rejects. That it was written is not enough: a
   * window drops what it has read and not yet looked at when it sees the end of the socket.
   */
  async delivered(): Promise<void> {
    await this.#sending;
    try {
      await this.#channel.sendRequest(syncRequest);
    } catch (error) {
      // Windows of older versions refuse the request, in its turn; others are gone.
      this.log.debug(`Waiting for a window to take in the state: ${describeError(error)}`);
    }
  }

  dispose(): void {
    this.socket.destroy();
  }

  async #drain(): Promise<void> {
    try {
      for (let state = this.#next; state; state = this.#next) {
        this.#next = undefined;
        await this.#channel.sendNotification(stateNotification, state);
      }
    } catch (error) {
      this.log.debug(`Reporting the connection's state: ${describeError(error)}`);
      this.dispose();
    } finally {
      // In the same turn as the last look at #next, or a state could be left behind.
      this.#sending = undefined;
    }
  }
}
