import type { Duplex } from 'node:stream';
import type { Connection, ServerChannel } from 'ssh2';
import { describeErrorChain } from '../base/errors';
import type { Logger } from '../base/logger';
import { join, type ForwardedStreams } from './forwardedStreams';

/** With those that the client opened: a flood in the sandbox must not become one of channels. */
const MAX_STREAMS = 1024;

/** Sends the request for one kind of channel; the client's answer comes to the callback. */
type ChannelRequest = (answer: (error: Error | undefined, channel: ServerChannel) => void) => void;

/**
 * Channels that the bridge opens to the client, for connections that were made in the sandbox. Only for what the
 * client has asked for: ssh takes any other for an attack.
 */
export class ClientChannels {
  #isOver = false;

  constructor(
    connection: Connection,
    private readonly streams: ForwardedStreams,
    private readonly log: Logger,
  ) {
    connection.once('close', () => (this.#isOver = true));
  }

  /** Hands a connection to the client, or ends it if the client does not take it. */
  open(stream: Duplex, what: string, request: ChannelRequest): void {
    // Joined or not, it may fail at any time; whoever waits for it sees it close.
    stream.on('error', (error) => this.log.debug(`connection to ${what} lost: ${describeErrorChain(error)}`));
    if (this.#isOver || this.streams.size >= MAX_STREAMS) {
      if (!this.#isOver) this.log.warn(`connection to ${what} ended: there are ${MAX_STREAMS} already`);
      stream.destroy();
      return;
    }
    this.streams.add(stream);
    request((error, channel) => {
      if (!error) {
        join(channel, stream);
        return;
      }
      this.log.info(`connection to ${what} not taken by the client: ${describeErrorChain(error)}`);
      stream.destroy();
    });
  }
}
