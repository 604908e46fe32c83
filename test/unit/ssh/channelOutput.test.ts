import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { PassThrough } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ServerChannel } from 'ssh2';
import { ChannelOutput } from '../../../src/ssh/channelOutput';

/** The sending side of an ssh2 channel: notes what is sent, and has a window that the test opens. */
class FakeChannel extends EventEmitter {
  readonly sent: string[] = [];
  readonly outgoing = { id: 7, window: 0, packetSize: 4, state: 'open' };
  readonly incoming = { window: 0 };
  _waitWindow = false;
  _chunkcb: (() => void) | undefined;
  readonly stream = new PassThrough({ highWaterMark: 8 });
  readonly _client = {
    _sock: this.stream,
    _protocol: {
      channelData: (_id: number, data: Buffer) => this.sent.push(`out:${data.toString()}`),
      channelExtData: (_id: number, data: Buffer) => this.sent.push(`err:${data.toString()}`),
      exitStatus: (_id: number, code: number) => this.sent.push(`status:${code}`),
      exitSignal: (_id: number, name: string) => this.sent.push(`signal:${name}`),
    },
  };

  /** What ssh2 does for CHANNEL_WINDOW_ADJUST. */
  grow(bytes: number): void {
    this.outgoing.window += bytes;
    if (!this._waitWindow) return;
    this._waitWindow = false;
    this._chunkcb?.();
  }

  eof(): void {
    if (this.outgoing.state !== 'open') return;
    this.outgoing.state = 'eof';
    this.sent.push('eof');
  }

  close(): void {
    if (this.outgoing.state === 'closing') return;
    this.outgoing.state = 'closing';
    this.sent.push('close');
  }
}

describe('ChannelOutput', () => {
  let channel: FakeChannel;
  let output: ChannelOutput;
  beforeEach(() => {
    channel = new FakeChannel();
    output = new ChannelOutput(channel as unknown as ServerChannel);
  });

  it('sends packets no larger than the client takes', async () => {
    channel.grow(100);

    output.stdout.write('abcdef');
    await nextTurn();

    assert.deepEqual(channel.sent, ['out:abcd', 'out:ef']);
  });

  it('joins what comes at once behind the first piece', async () => {
    channel.grow(100);

    for (const piece of ['a', 'b', 'c', 'd', 'e', 'f']) output.stdout.write(piece);
    await nextTurn();

    assert.deepEqual(channel.sent, ['out:a', 'out:bcde', 'out:f']);
  });

  it('waits for window space, and loses or repeats nothing of either stream', async () => {
    output.stdout.write('abc');
    output.stderr.write('xyz');
    await nextTurn();
    for (let i = 0; i < 6; i++) channel.grow(1);

    assert.deepEqual(channel.sent, ['out:a', 'out:b', 'out:c', 'err:x', 'err:y', 'err:z']);
  });

  it('holds the writer while there is no space', async () => {
    const written = once(output.stdout, 'drain');
    assert.equal(output.stdout.write('a'.repeat(300_000)), false);

    channel.grow(300_000);

    await written;
  });

  it('waits while ssh does not take what was sent', async () => {
    channel.grow(100);
    channel.stream.write('more than it holds');

    output.stdout.write('ab');
    output.stdout.write('cd');
    await nextTurn();
    assert.deepEqual(channel.sent, []);

    channel.stream.resume();
    await once(channel.stream, 'drain');
    await nextTurn();
    assert.deepEqual(channel.sent, ['out:ab', 'out:cd']);
  });

  it('sends EOF after both streams, then the status, then CLOSE', async () => {
    channel.grow(10);
    output.stdout.end('a');
    output.stderr.end();

    await output.finish({ code: 3 });

    assert.deepEqual(channel.sent, ['out:a', 'eof', 'status:3', 'close']);
  });

  it('leaves the client no reason to be granted more window once it is closed', () => {
    output.close();

    assert.equal(channel.incoming.window, Infinity);
  });

  it('names the signal that ended the process', async () => {
    output.stdout.end();
    output.stderr.end();

    await output.finish({ signal: 'TERM' });

    assert.deepEqual(channel.sent, ['eof', 'signal:TERM', 'close']);
  });

  it('tells a failure on stderr', async () => {
    channel.grow(10);

    await output.fail('no', 255);

    assert.deepEqual(channel.sent, ['err:no', 'eof', 'status:255', 'close']);
  });

  it('lets go of waiting writers when the channel closes', async () => {
    const written = once(output.stdout, 'drain');
    output.stdout.write('a'.repeat(300_000));
    channel.outgoing.state = 'closed';

    channel.emit('close');

    await written;
    assert.deepEqual(channel.sent, []);
  });

  it('drops stdout that nobody reads, and calls back when more comes', async () => {
    let calls = 0;
    output.stdout.write('ab');
    output.abandonStdout(() => calls++);
    assert.equal(calls, 0);

    output.stdout.write('cd');
    output.stderr.write('e');
    channel.grow(10);
    await nextTurn();

    assert.equal(calls, 1);
    assert.deepEqual(channel.sent, ['err:e']);
  });
});
