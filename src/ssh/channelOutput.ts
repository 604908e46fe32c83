import { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { ServerChannel } from 'ssh2';
import { joinSmall } from '../base/joinSmall';
import type { ExitStatus } from '../cloud/provider';
import { openChannel, type OpenChannel } from './ssh2Internals';

/** SSH_EXTENDED_DATA_STDERR, RFC 4254 section 5.2. */
const EXTENDED_DATA_STDERR = 1;
const NOTHING = Buffer.alloc(0);
/** Of output that waits to be joined or for the window. */
const HIGH_WATER_BYTES = 256 * 1024;

interface PendingWrite {
  readonly stderr: boolean;
  data: Buffer;
  readonly done: () => void;
}

/**
 * The sending side of a server channel: stdout, stderr, end of file and exit status.
 *
 * ssh2's own Writables are not used because they share one slot for what waits for window space: stdout and stderr
 * that both wait lose or repeat data. They also send CLOSE together with EOF, which rules out half-close, and
 * refuse an exit status after EOF.
 */
export class ChannelOutput {
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly #channel: OpenChannel;
  /** At most one write of each stream: a Writable hands over the next when the last is done. */
  readonly #pending: PendingWrite[] = [];
  #unfinished = 2;
  #waitsForDrain = false;
  #onAbandonedOutput: (() => void) | undefined;

  constructor(channel: ServerChannel) {
    this.#channel = openChannel(channel);
    this.stdout = this.#createStream(false);
    this.stderr = this.#createStream(true);
    channel.once('close', () => this.release());
  }

  /** Waits until the process's output is sent, then says how it ended and closes. Nothing more comes on stderr. */
  async finish(status: ExitStatus): Promise<void> {
    if (this.stderr.writable) this.stderr.end();
    await Promise.all([finished(this.stdout), finished(this.stderr)]);
    if (this.#isClosed()) return;
    const { _client: client, outgoing } = this.#channel;
    if ('code' in status) client._protocol.exitStatus(outgoing.id, status.code);
    else client._protocol.exitSignal(outgoing.id, status.signal, false, '');
    this.close();
  }

  /** Ends the channel for a cause of ours: a line on stderr and an exit code. */
  async fail(message: string, code: number): Promise<void> {
    if (this.stdout.writable) this.stdout.end();
    if (this.stderr.writable) this.stderr.end(message);
    await this.finish({ code });
  }

  /**
   * The client does not read stdout any more: drops what is still to be sent of it. Calls back when more comes, as
   * a closed pipe would tell its writer.
   */
  abandonStdout(onMore: () => void): void {
    this.#onAbandonedOutput = onMore;
    for (const write of this.#pending) if (!write.stderr) write.data = NOTHING;
    this.#pump();
  }

  /** Lets go of what cannot be sent any more. Call when the channel is closed. */
  release(): void {
    this.#pump();
  }

  /** Sends EOF, if that is still to do, and CLOSE. */
  close(): void {
    this.#channel.eof();
    this.#channel.close();
    // ssh2 would still grant the client more for input that is on its way, and ssh, which has closed the channel as
    // well by then, tells its user of such a packet.
    this.#channel.incoming.window = Infinity;
  }

  #createStream(stderr: boolean): Writable {
    return new Writable({
      highWaterMark: HIGH_WATER_BYTES,
      write: (data: Buffer, _encoding, done) => this.#take(stderr, [data], done),
      writev: (chunks, done) => this.#take(stderr, joinSmall(chunks), done),
      // RFC 4254 section 5.3: EOF is for the whole channel, so it follows the end of both streams.
      final: (done) => {
        if (--this.#unfinished === 0) this.#channel.eof();
        done();
      },
    });
  }

  /**
   * Sends them in the next tick: by then all that came at once waits in the stream, and is joined. Each packet of SSH
   * costs as much again to encrypt as to fill.
   */
  #take(stderr: boolean, pieces: readonly Buffer[], done: () => void): void {
    const abandoned = stderr ? undefined : this.#onAbandonedOutput;
    const last = pieces.length - 1;
    pieces.forEach((piece, index) => {
      this.#pending.push({
        stderr,
        data: abandoned ? NOTHING : piece,
        done: index === last ? done : () => undefined,
      });
    });
    process.nextTick(() => this.#pump());
    abandoned?.();
  }

  #isClosed(): boolean {
    return this.#channel.outgoing.state === 'closing' || this.#channel.outgoing.state === 'closed';
  }

  /** Sends as much as ssh takes and its window allows; what is left waits for either. */
  #pump(): void {
    const { _sock: stream } = this.#channel._client;
    if (stream.writableNeedDrain && !this.#isClosed()) {
      this.#pumpAfterDrain(stream);
      return;
    }
    // Packets of one call leave as one write.
    stream.cork();
    try {
      this.#sendPending();
    } finally {
      stream.uncork();
    }
  }

  /** ssh2 itself queues without a bound: up to the window of each channel. */
  #pumpAfterDrain(stream: Writable): void {
    if (this.#waitsForDrain) return;
    this.#waitsForDrain = true;
    stream.once('drain', () => {
      this.#waitsForDrain = false;
      this.#pump();
    });
  }

  #sendPending(): void {
    for (let write = this.#pending[0]; write; write = this.#pending[0]) {
      this.#send(write);
      if (write.data.length > 0) {
        this.#channel._chunkcb = () => this.#pump();
        this.#channel._waitWindow = true;
        return;
      }
      this.#pending.shift();
      write.done();
    }
  }

  #send(write: PendingWrite): void {
    const { outgoing, _client: client } = this.#channel;
    // Nobody is left to read it; the writer learns from the channel's close.
    if (this.#isClosed()) write.data = NOTHING;
    while (write.data.length > 0 && outgoing.window > 0) {
      const length = Math.min(write.data.length, outgoing.window, outgoing.packetSize);
      const packet = write.data.subarray(0, length);
      if (write.stderr) client._protocol.channelExtData(outgoing.id, packet, EXTENDED_DATA_STDERR);
      else client._protocol.channelData(outgoing.id, packet);
      outgoing.window -= length;
      write.data = write.data.subarray(length);
    }
  }
}
