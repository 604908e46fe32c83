import type { Duplex, Readable } from 'node:stream';
import { printable } from '../base/errors';
import type { OpenChannels } from '../broker/protocol';
import type { RemoteProcess } from '../cloud/provider';
import {
  type Backend,
  type BackendFeatures,
  describeTarget,
  type DialTarget,
  type IncomingConnection,
  type Listener,
  type SessionRequest,
} from '../ssh/backend';

type SessionKind = 'terminals' | 'commands' | 'transfers';

const MAX_TARGET_LENGTH = 200;
/** What is told of: a browser that works through a dynamic forward can have any number of targets. */
const MAX_TARGETS = 32;

/** A backend that knows which of its channels are open, and tells when that changes and when somebody types. */
export class ObservedBackend implements Backend {
  readonly #backend: Backend;
  readonly #onChange: () => void;
  readonly #onTyping: () => void;
  readonly #sessions: Record<SessionKind, number> = { terminals: 0, commands: 0, transfers: 0 };
  /** Open forwarded connections by target. */
  readonly #forwards = new Map<string, number>();

  /** @param onTyping is called for all that is typed in terminals */
  constructor(backend: Backend, onChange: () => void, onTyping: () => void = () => undefined) {
    this.#backend = backend;
    this.#onChange = onChange;
    this.#onTyping = onTyping;
  }

  get name(): Backend['name'] {
    return this.#backend.name;
  }

  get open(): OpenChannels {
    const forwards = [...this.#forwards].slice(0, MAX_TARGETS).map(([target, count]) => ({ target, count }));
    return { ...this.#sessions, forwards };
  }

  ready(signal: AbortSignal): Promise<BackendFeatures> {
    return this.#backend.ready(signal);
  }

  roundTripMs(): number | undefined {
    return this.#backend.roundTripMs();
  }

  shell(request: SessionRequest, signal: AbortSignal): Promise<RemoteProcess> {
    return this.#session(kindOf(request), this.#backend.shell(request, signal));
  }

  exec(command: string, request: SessionRequest, signal: AbortSignal): Promise<RemoteProcess> {
    return this.#session(kindOf(request), this.#backend.exec(command, request, signal));
  }

  sftp(signal: AbortSignal): Promise<RemoteProcess> {
    return this.#session('transfers', this.#backend.sftp(signal));
  }

  async dial(target: DialTarget, signal: AbortSignal): Promise<Duplex> {
    const stream = await this.#backend.dial(target, signal);
    const name = printable(describeTarget(target), MAX_TARGET_LENGTH);
    this.#countForward(name, 1);
    stream.once('close', () => this.#countForward(name, -1));
    return stream;
  }

  listen(
    address: DialTarget,
    onConnection: (connection: IncomingConnection) => void,
    signal: AbortSignal,
  ): Promise<Listener> {
    return this.#backend.listen(address, onConnection, signal);
  }

  close(): Promise<void> {
    return this.#backend.close();
  }

  async #session(kind: SessionKind, starting: Promise<RemoteProcess>): Promise<RemoteProcess> {
    const process = await starting;
    this.#countSession(kind, 1);
    if (kind === 'terminals') {
      // Not yet there: the source is joined to it once the session has the process.
      process.stdin.once('pipe', (source: Readable) => source.on('data', this.#onTyping));
    }
    const end = (): void => this.#countSession(kind, -1);
    process.exited.then(end, end);
    return process;
  }

  #countSession(kind: SessionKind, change: 1 | -1): void {
    this.#sessions[kind] += change;
    this.#onChange();
  }

  #countForward(target: string, change: 1 | -1): void {
    const count = (this.#forwards.get(target) ?? 0) + change;
    if (count > 0) this.#forwards.set(target, count);
    else this.#forwards.delete(target);
    this.#onChange();
  }
}

function kindOf({ terminal }: SessionRequest): SessionKind {
  return terminal ? 'terminals' : 'commands';
}
