import type { Duplex } from 'node:stream';
import type { HeldSession, SessionKeeper } from '../../src/agentProtocol/carrierAcceptor';
import type { SessionTicket } from '../../src/agentProtocol/handshakeMessages';
import { ResumableStream } from '../../src/agentProtocol/resumableStream';
import { keyIdOf } from '../../src/agentProtocol/secret';

/** An agent's secrets and sessions, of which it never forgets one by itself. */
export class TestSessions implements SessionKeeper {
  readonly held: HeldSession[] = [];
  isFull = false;
  readonly #secrets: ReadonlyMap<string, Buffer>;

  /** @param onSession gets the stream of each session as it begins */
  constructor(
    secrets: readonly Buffer[],
    private readonly onSession: (stream: ResumableStream) => void = () => undefined,
  ) {
    this.#secrets = new Map(secrets.map((secret) => [keyIdOf(secret), secret]));
  }

  secretOf(keyId: string): Promise<Buffer | undefined> {
    return Promise.resolve(this.#secrets.get(keyId));
  }

  begin(ticket: SessionTicket, keyId: string): ResumableStream | undefined {
    if (this.isFull) return undefined;
    const stream = new ResumableStream();
    stream.on('error', () => undefined);
    this.held.push({ ticket, keyId, stream });
    this.onSession(stream);
    return stream;
  }

  find(sessionId: string): HeldSession | undefined {
    return this.held.find(({ ticket }) => ticket.id === sessionId);
  }

  forget(): void {
    for (const { stream } of this.held.splice(0)) stream.destroy();
  }
}

/** Both directions of an echo; for sessions. */
export function echo(stream: Duplex): void {
  stream.pipe(stream);
}
