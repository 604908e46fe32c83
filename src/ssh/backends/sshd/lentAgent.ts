import { Duplex } from 'node:stream';
import ssh2, { type SignCallback } from 'ssh2';
import { BridgeError } from '../../backend';

/** What ssh2 takes for an ssh-agent: it has no keys for this connection, and leads those of programs to another. */
export class LentAgent extends ssh2.BaseAgent {
  /** Set once the client has lent its agent; nothing leads anywhere before. */
  onConnection: ((stream: Duplex) => void) | undefined;

  override getIdentities(callback: (error: Error) => void): void {
    callback(noKeys());
  }

  override sign(...args: unknown[]): void {
    const callback = args.at(-1) as SignCallback | undefined;
    callback?.(noKeys());
  }

  override getStream(callback: (error: Error | null, stream?: Duplex) => void): void {
    if (!this.onConnection) {
      callback(new BridgeError('refused', 'No agent has been lent'));
      return;
    }
    const [ours, theirs] = createLink();
    // To be read only when ssh2 has accepted the channel.
    callback(null, theirs);
    this.onConnection(ours);
  }
}

const noKeys = (): BridgeError => new BridgeError('unavailable', 'This agent has no keys of its own');

/** Two streams, each with what is written to the other. When one is destroyed, the other ends. */
function createLink(): [Duplex, Duplex] {
  const ours = new LinkEnd();
  const theirs = new LinkEnd();
  ours.peer = theirs;
  theirs.peer = ours;
  return [ours, theirs];
}

class LinkEnd extends Duplex {
  peer: LinkEnd | undefined;
  /** Of what was written here and the peer has not taken. */
  #onTaken: (() => void) | undefined;

  override _read(): void {
    this.peer?.taken();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    if (!this.peer || this.peer.destroyed || this.peer.push(chunk)) callback();
    else this.#onTaken = callback;
  }

  override _final(callback: (error?: Error | null) => void): void {
    if (this.peer?.destroyed === false) this.peer.push(null);
    callback();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    if (this.peer?.destroyed === false && !this.writableFinished) this.peer.push(null);
    this.peer?.taken();
    callback(error);
  }

  taken(): void {
    const callback = this.#onTaken;
    this.#onTaken = undefined;
    callback?.();
  }
}
