import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { finished } from 'node:stream/promises';
import type { Channel } from '../../../../src/agentProtocol/channels/channel';
import { messageHeader } from '../../../../src/agentProtocol/channels/messages';
import { Multiplexer } from '../../../../src/agentProtocol/channels/multiplexer';
import { carrierPair, type CarrierPair, type CarrierPairOptions } from '../../../helpers/carrierPair';
import { readOpen } from '../../../helpers/remoteProcess';

/** The two ends of one channel; `near` is the client's, which opened it. */
export interface ChannelPair {
  readonly near: Channel;
  readonly far: Channel;
  readonly question: unknown;
}

/** The two ends of a session: a client, and an agent that leaves it to the test what becomes of a channel. */
export class SessionPair {
  readonly streams: CarrierPair;
  readonly near: Multiplexer;
  readonly far: Multiplexer;
  readonly #opened = new EventEmitter<{ opened: [Channel, unknown] }>();

  constructor(options: CarrierPairOptions = {}) {
    this.streams = carrierPair(options);
    this.near = new Multiplexer(this.streams.near);
    this.far = new Multiplexer(this.streams.far, (channel, question) =>
      this.#opened.emit('opened', channel, question),
    );
  }

  async open(question: object = {}): Promise<ChannelPair> {
    const opened = once(this.#opened, 'opened') as Promise<[Channel, unknown]>;
    const near = this.near.open(question);
    const [far, asked] = await opened;
    assert.equal(far.id, near.id);
    return { near, far, question: asked };
  }

  /** Shows that the session goes on: a byte comes back on a channel of its own. */
  async assertAlive(): Promise<void> {
    const { near, far } = await this.open();
    far.pipe(far);
    near.end('?');
    assert.equal((await readOpen(near)).toString(), '?');
  }

  destroy(): void {
    this.near.destroy();
    this.far.destroy();
  }
}

/** What a channel emits, in order. */
export function eventsOf(channel: Channel): string[] {
  const events: string[] = [];
  for (const event of ['answer', 'end', 'error', 'close']) channel.on(event, () => events.push(event));
  return events;
}

/** Resolves once the channel has emitted `close`. */
export async function closed(channel: Channel): Promise<void> {
  await finished(channel).catch(() => undefined);
}

/** A whole message, as the other side of a session that the test plays may send it. */
export function message(type: number, channel: number, payload: string | Buffer = ''): Buffer {
  const bytes = Buffer.from(payload);
  return Buffer.concat([messageHeader(type, channel, bytes.length), bytes]);
}
