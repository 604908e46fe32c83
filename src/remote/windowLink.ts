import { DisposableStore, type Disposable } from '../base/disposable';
import type { ConnectionState } from '../broker/protocol';
import { Emitter, type Event } from '../sandboxes/emitter';
import { advance, deadlineOf, initialLink, statusOf, type LinkEvent, type LinkStatus } from './linkState';
import type { SandboxFacts } from './sandboxFacts';

export interface WindowLinkOptions {
  /** The sandbox's alias, by which its connections are known. */
  readonly alias: string;
  readonly connections: {
    readonly all: readonly ConnectionState[];
    readonly onDidChange: Event<ConnectionState>;
  };
  readonly facts: () => SandboxFacts;
  readonly onDidChangeFacts: Event<unknown>;
  readonly now?: () => number;
}

/** The link between a window and the sandbox that it is open in. */
export class WindowLink implements Disposable {
  readonly #options: WindowLinkOptions;
  readonly #owned = new DisposableStore();
  readonly #changed = this.#owned.add(new Emitter<LinkStatus>());
  readonly #now: () => number;
  #state = initialLink;
  #timer: NodeJS.Timeout | undefined;

  readonly onDidChange = this.#changed.event;

  constructor(options: WindowLinkOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#owned.add(options.connections.onDidChange((report) => this.#onReport(report)));
    this.#owned.add(options.onDidChangeFacts(() => this.#onFacts()));
    this.#owned.defer(() => clearTimeout(this.#timer));
    for (const report of options.connections.all) this.#onReport(report);
    this.#onFacts();
  }

  get status(): LinkStatus {
    return statusOf(this.#state);
  }

  dispose(): void {
    this.#owned.dispose();
  }

  #onReport(report: ConnectionState): void {
    // Those of terminals that a window opened say nothing about the window itself.
    if (report.alias !== this.#options.alias || report.windowId !== undefined) return;
    this.#advance({ kind: 'connection', report, at: this.#now() });
  }

  #onFacts(): void {
    const { status, isSignedIn } = this.#options.facts();
    this.#advance({ kind: 'sandbox', status });
    this.#advance({ kind: 'account', isSignedIn });
  }

  #advance(event: LinkEvent): void {
    const before = JSON.stringify(this.status);
    this.#state = advance(this.#state, event);
    this.#schedule();
    if (JSON.stringify(this.status) !== before) this.#changed.fire(this.status);
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    const deadline = deadlineOf(this.#state);
    if (deadline === undefined || this.#owned.isDisposed) return;
    const waitMs = Math.max(0, deadline - this.#now());
    this.#timer = setTimeout(() => this.#advance({ kind: 'time', at: this.#now() }), waitMs);
    this.#timer.unref();
  }
}
