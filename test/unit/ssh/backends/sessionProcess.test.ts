import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import type { ClientChannel } from 'ssh2';
import { createSessionProcess } from '../../../../src/ssh/backends/sshd/sessionProcess';

/** A session channel of ssh2's client, as far as a process is made of it. */
class FakeChannel extends PassThrough {
  readonly stderr = new PassThrough();
  readonly outgoing = { id: 7, state: 'open' };
  readonly sent: string[] = [];
  readonly _client = {
    _protocol: {
      signal: (id: number, name: string) => this.sent.push(`${id} signal ${name}`),
      windowChange: (id: number, rows: number, columns: number) =>
        this.sent.push(`${id} size ${columns} ${rows}`),
    },
  };

  constructor() {
    super({ emitClose: false });
    this.resume();
    this.stderr.resume();
  }

  close(): void {
    this.sent.push('close');
  }

  /** What ssh2 does when the server closes the channel. */
  closeByServer(): void {
    this.once('end', () => this.emit('close'));
    this.push(null);
    this.stderr.push(null);
  }
}

describe('the process of a session channel', () => {
  let channel: FakeChannel;
  beforeEach(() => {
    channel = new FakeChannel();
  });
  const create = (): ReturnType<typeof createSessionProcess> =>
    createSessionProcess(channel as unknown as ClientChannel);

  const ends = [
    { name: 'an exit code', told: [3], status: { code: 3 } },
    { name: 'a signal', told: [null, 'SIGTERM'], status: { signal: 'TERM' } },
    {
      name: 'a signal without a name in RFC 4254',
      told: [null, 'SIGSIG@openssh.com'],
      status: { signal: 'KILL' },
    },
  ];
  for (const { name, told, status } of ends) {
    it(`ends with ${name}`, async () => {
      const process = create();
      channel.emit('exit', ...told);
      channel.closeByServer();

      assert.deepEqual(await process.exited, status);
    });
  }

  it('is lost with a channel that closes without a word', async () => {
    const process = create();
    channel.closeByServer();

    await assert.rejects(process.exited, { code: 'lost' });
  });

  it('is signalled and resized also after its input has ended, and not once its channel is closed', () => {
    const process = create();
    for (const state of ['open', 'eof', 'closing', 'closed']) {
      channel.outgoing.state = state;
      process.signal('HUP');
      process.resize({ columns: 91, rows: 17 });
    }

    assert.deepEqual(channel.sent, ['7 signal HUP', '7 size 91 17', '7 signal HUP', '7 size 91 17']);
  });

  it('is killed by a signal, and counts as ended by it if the server tells of nothing else', async () => {
    const process = create();
    process.kill();
    process.kill();
    channel.closeByServer();

    assert.deepEqual(await process.exited, { signal: 'KILL' });
    assert.deepEqual(channel.sent, ['7 signal KILL']);
  });
});
