import type { Duplex } from 'node:stream';
import { AgentLinkError } from '../errors';
import { FrameDecoder } from '../frameDecoder';
import { Channel, type ChannelCarrier } from './channel';
import {
  channelOf,
  MAX_OPEN_BYTES,
  messageFrames,
  messageHeader,
  MessageType,
  parseJson,
  toJson,
  violation,
} from './messages';

/** Messages up to this size are written as one chunk, which costs less than to write their parts. */
const JOIN_BYTES = 4 * 1024;
/**
 * What may wait for the stream: data stops long before, so these are messages about channels, and far more of them than
 * anyone has a use for while the other side cannot be reached.
 */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;

/**
 * The channels of a session, over its byte stream, which it owns: when either is destroyed the other is. It reads on
 * whatever happens; what it may be sent is bounded by the channels' windows. Where the other side breaks the protocol
 * the stream emits an {@link AgentLinkError} `protocol` as its `error`, which somebody else has to listen to.
 */
export class Multiplexer implements ChannelCarrier {
  readonly #stream: Duplex;
  readonly #decoder: FrameDecoder;
  readonly #onOpen: ((channel: Channel, question: unknown) => void) | undefined;
  readonly #channels = new Map<number, Channel>();
  /** Channels that wait until the stream takes more; the first is the next. */
  readonly #waiting = new Set<Channel>();
  /** Number of the channel that was opened last, by whichever side. */
  #last = 0;

  /** @param onOpen called for each channel that the other side opens, with what it asks for; absent: it may open none */
  constructor(stream: Duplex, onOpen?: (channel: Channel, question: unknown) => void) {
    this.#stream = stream;
    this.#onOpen = onOpen;
    this.#decoder = new FrameDecoder(messageFrames, {
      onData: (piece, header) => this.#find(channelOf(header))?.receiveData(piece),
      onControl: (type, payload, header) => this.#receive(type, channelOf(header), payload),
    });
    stream.on('data', (chunk: Buffer) => {
      try {
        this.#decoder.write(chunk);
      } catch (error) {
        if (!(error instanceof AgentLinkError)) throw error;
        this.destroy(error);
      }
    });
    stream.on('drain', () => this.#resume());
    stream.on('end', () => this.destroy());
    stream.on('close', () => this.#loseAll());
  }

  /** Channels that there are. */
  get size(): number {
    return this.#channels.size;
  }

  get canSend(): boolean {
    return !this.#stream.writableNeedDrain && !this.#stream.destroyed;
  }

  get isDestroyed(): boolean {
    return this.#stream.destroyed || this.#stream.writableEnded;
  }

  /**
   * Opens a channel; what the other side says to that is told by the channel's `answer`. Where the session is gone it
   * closes without one. Throws an {@link AgentLinkError} `protocol` for a question that is too long.
   */
  open(question: object): Channel {
    const payload = toJson(question, MAX_OPEN_BYTES);
    const channel = this.#add(this.#last + 1);
    if (this.isDestroyed) channel.lose();
    else this.send(MessageType.OPEN, channel.id, payload);
    return channel;
  }

  /** Ends all channels and the stream, which fails with the error if there is one. */
  destroy(error?: AgentLinkError): void {
    this.#decoder.stop();
    this.#stream.destroy(error);
  }

  send(type: number, channel: number, payload: Buffer = Buffer.alloc(0)): void {
    this.#write(messageHeader(type, channel, payload.length), [payload], payload.length);
  }

  sendData(channel: number, pieces: readonly Buffer[], length: number): void {
    this.#write(messageHeader(MessageType.DATA, channel, length), pieces, length);
  }

  await(channel: Channel): void {
    this.#waiting.add(channel);
  }

  forget(channel: Channel): void {
    this.#channels.delete(channel.id);
    this.#waiting.delete(channel);
  }

  #add(id: number): Channel {
    const channel = new Channel(id, this);
    this.#last = id;
    this.#channels.set(id, channel);
    return channel;
  }

  #write(header: Buffer, pieces: readonly Buffer[], length: number): void {
    if (this.isDestroyed) return;
    if (this.#stream.writableLength > MAX_WAITING_BYTES) {
      this.destroy(
        new AgentLinkError('protocol', 'The other side of the session asks for much and takes nothing'),
      );
      return;
    }
    if (length <= JOIN_BYTES) {
      this.#stream.write(Buffer.concat([header, ...pieces]));
      return;
    }
    this.#stream.cork();
    this.#stream.write(header);
    for (const piece of pieces) this.#stream.write(piece);
    this.#stream.uncork();
  }

  /** Undefined for one that has ended on this side: the other may not know yet. */
  #find(id: number): Channel | undefined {
    const channel = this.#channels.get(id);
    if (!channel && id > this.#last) throw violation('a message for a channel that was never there');
    return channel;
  }

  #receive(type: number, id: number, payload: Buffer): void {
    if (type === MessageType.OPEN) {
      this.#receiveOpen(id, payload);
      return;
    }
    const isAnswer = type === MessageType.OPEN_CONFIRMATION || type === MessageType.OPEN_FAILURE;
    if (isAnswer && this.#onOpen) throw violation('what only an agent sends');
    this.#find(id)?.receive(type, payload);
  }

  #receiveOpen(id: number, payload: Buffer): void {
    if (!this.#onOpen) throw violation('what only a client sends');
    if (id <= this.#last) throw violation('the number of an earlier channel');
    this.#onOpen(this.#add(id), parseJson(payload));
  }

  /** Each sends a message in its turn, so that none holds up the others. */
  #resume(): void {
    for (const channel of [...this.#waiting]) {
      if (!this.canSend) return;
      this.#waiting.delete(channel);
      channel.resumeSending();
    }
  }

  #loseAll(): void {
    for (const channel of [...this.#channels.values()]) channel.lose();
  }
}
