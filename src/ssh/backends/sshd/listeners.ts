import type { AcceptConnection, Client, ClientChannel } from 'ssh2';
import {
  BridgeError,
  describeTarget,
  type DialTarget,
  type IncomingConnection,
  type Listener,
} from '../../backend';
import { ChannelStream } from './channelStream';

type OnConnection = (connection: IncomingConnection) => void;

/** What a server listens on for us, and the connections that it hands over. */
export class Listeners {
  readonly #listening = new Map<string, OnConnection>();

  constructor(private readonly client: Client) {
    client.on('tcp connection', ({ destIP, destPort, srcIP, srcPort }, accept, reject) => {
      const target: DialTarget = { kind: 'tcp', host: destIP, port: destPort };
      this.#hand(target, { host: srcIP, port: srcPort }, accept, reject);
    });
    client.on('unix connection', ({ socketPath }, accept, reject) => {
      this.#hand({ kind: 'unix', path: socketPath }, { host: '', port: 0 }, accept, reject);
    });
  }

  /** Rejects as `refused`: why, the protocol does not tell. */
  listen(address: DialTarget, onConnection: OnConnection): Promise<Listener> {
    return new Promise((resolve, reject) => {
      const answer = (error: Error | undefined, port = 0): void => {
        if (error) {
          const what = `The SSH server in the sandbox cannot listen at ${describeTarget(address)}`;
          reject(new BridgeError('refused', what, { cause: error }));
          return;
        }
        const bound = address.kind === 'tcp' ? { ...address, port } : address;
        this.#listening.set(describeTarget(bound), onConnection);
        resolve({ port, close: () => this.#close(bound) });
      };
      if (address.kind === 'tcp') this.client.forwardIn(address.host, address.port, answer);
      else this.client.openssh_forwardInStreamLocal(address.path, (error) => answer(error ?? undefined));
    });
  }

  #hand(
    target: DialTarget,
    peer: Omit<IncomingConnection, 'stream'>,
    accept: AcceptConnection,
    reject: () => void,
  ): void {
    const onConnection = this.#listening.get(describeTarget(target));
    if (onConnection) onConnection({ ...peer, stream: new ChannelStream(accept() as ClientChannel) });
    else reject();
  }

  #close(address: DialTarget): void {
    if (!this.#listening.delete(describeTarget(address))) return;
    // Nothing is left to be done if the server cannot: it hands its connections to nobody.
    const ignore = (): void => undefined;
    if (address.kind === 'tcp') this.client.unforwardIn(address.host, address.port, ignore);
    else this.client.openssh_unforwardInStreamLocal(address.path, ignore);
  }
}
