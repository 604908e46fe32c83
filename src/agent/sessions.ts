import type { HeldSession, SessionKeeper } from '../agentProtocol/carrierAcceptor';
import type { SessionTicket } from '../agentProtocol/handshakeMessages';
import { ResumableStream } from '../agentProtocol/resumableStream';
import type { KeyId } from '../agentProtocol/secret';
import { describeError } from '../base/errors';
import { Channels } from './channels';
import type { Host } from './host';

const MAX_SESSIONS = 32;

export interface SessionsOptions {
  readonly host: Host;
  readonly version: string;
  readonly secretOf: (keyId: KeyId) => Promise<Buffer | undefined>;
  /** How long a session is kept without a carrier. */
  readonly keepMs: number;
  readonly onBegin: () => void;
  /** Called when there is no session, nor anything left of one. */
  readonly onEmpty: () => void;
  readonly maxSessions?: number;
}

/** The sessions of an agent. One ends when its client ends it, or has been away for too long. */
export class Sessions implements SessionKeeper {
  readonly #options: SessionsOptions;
  readonly #held = new Map<string, HeldSession>();
  /** Sessions whose programs have not all ended, live or not. */
  #unfinished = 0;

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  get isEmpty(): boolean {
    return this.#unfinished === 0;
  }

  secretOf(keyId: KeyId): Promise<Buffer | undefined> {
    return this.#options.secretOf(keyId);
  }

  begin(ticket: SessionTicket, keyId: KeyId): ResumableStream | undefined {
    const { host, version, maxSessions = MAX_SESSIONS } = this.#options;
    if (this.#unfinished >= maxSessions) return undefined;
    const stream = new ResumableStream();
    const channels = new Channels(stream, host, version);
    this.#held.set(ticket.id, { ticket, keyId, stream });
    this.#unfinished++;
    this.#expireWithoutCarrier(stream);
    this.#options.onBegin();
    host.log.info(`session ${label(ticket)} begins`);
    stream.on('error', (error) => host.log.info(`session ${label(ticket)}: ${describeError(error)}`));
    stream.once('close', () => void this.#end(ticket, channels));
    return stream;
  }

  find(sessionId: string): HeldSession | undefined {
    return this.#held.get(sessionId);
  }

  /**
   * Calls `onEmpty` also if there is no session now. Those that there are go on, and their owners, to whom no other
   * agent may be of use, may begin others meanwhile.
   */
  endOnceEmpty(): void {
    if (this.isEmpty) this.#options.onEmpty();
  }

  #expireWithoutCarrier(stream: ResumableStream): void {
    let timer: NodeJS.Timeout | undefined;
    const expire = (): void => {
      timer = setTimeout(() => stream.destroy(), this.#options.keepMs);
    };
    expire();
    stream.on('detached', expire);
    stream.on('attached', () => clearTimeout(timer));
    stream.once('close', () => clearTimeout(timer));
  }

  async #end(ticket: SessionTicket, channels: Channels): Promise<void> {
    this.#held.delete(ticket.id);
    await channels.end();
    this.#options.host.log.info(`session ${label(ticket)} has ended`);
    this.#unfinished--;
    if (this.isEmpty) this.#options.onEmpty();
  }
}

/** Enough of a session's id to find it in the log. */
function label({ id }: SessionTicket): string {
  return id.slice(0, 8);
}
