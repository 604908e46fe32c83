import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { OutputDemultiplexer } from '../../../src/localCloud/runtimes/dockerDemultiplexer';

const MIB = 1024 * 1024;

describe('OutputDemultiplexer', () => {
  const message = Buffer.concat([
    frame(1, 'out '),
    frame(2, 'err '),
    frame(1, ''),
    frame(0, 'echo '),
    frame(3, 'engine'),
    frame(1, 'end'),
  ]);

  for (const size of [1, 3, 8, 9, message.length]) {
    it(`splits stdout from stderr when the bytes come in pieces of ${size}`, async () => {
      const demultiplexer = new OutputDemultiplexer({ framed: true });
      for (let offset = 0; offset < message.length; offset += size) {
        demultiplexer.write(message.subarray(offset, offset + size));
      }
      demultiplexer.end();

      const outputs = await Promise.all([text(demultiplexer.stdout), text(demultiplexer.stderr)]);

      assert.deepEqual(outputs, ['out echo end', 'err engine']);
    });
  }

  it('takes the bytes of a terminal as they are', async () => {
    const demultiplexer = new OutputDemultiplexer({ framed: false });
    demultiplexer.end(message);

    assert.equal(await text(demultiplexer.stdout), message.toString());
    assert.equal(await text(demultiplexer.stderr), '');
  });

  it('delivers a part of a frame before the rest has come', async () => {
    const demultiplexer = new OutputDemultiplexer({ framed: true });
    demultiplexer.write(frame(1, 'beginning and end').subarray(0, 17));

    const [chunk] = (await once(demultiplexer.stdout, 'data')) as [Buffer];

    assert.equal(chunk.toString(), 'beginning');
  });

  const broken = [
    { name: 'a frame of unknown type', bytes: frame(4, 'text') },
    { name: 'an end within a header', bytes: frame(1, 'text').subarray(0, 5) },
    { name: 'an end within a payload', bytes: frame(1, 'text').subarray(0, 10) },
  ];
  for (const { name, bytes } of broken) {
    it(`fails on ${name}, and still ends both outputs`, async () => {
      const demultiplexer = new OutputDemultiplexer({ framed: true });
      const failure = once(demultiplexer, 'error');
      demultiplexer.end(bytes);

      assert.equal(((await failure) as [{ code: string }])[0].code, 'failed');
      assert.equal(await text(demultiplexer.stderr), '');
      await text(demultiplexer.stdout);
    });
  }

  it('takes no more while one output is full, and goes on when it was read', async () => {
    const demultiplexer = new OutputDemultiplexer({ framed: true });
    let taken = false;
    demultiplexer.write(frame(2, Buffer.alloc(MIB)), () => (taken = true));
    demultiplexer.end(frame(1, 'after'));
    await nextTurn();
    assert.ok(demultiplexer.isHeld);
    assert.ok(!taken);

    demultiplexer.stderr.resume();

    assert.equal(await text(demultiplexer.stdout), 'after');
    assert.ok(!demultiplexer.isHeld);
  });

  it('drops what is meant for an output that was destroyed', async () => {
    const demultiplexer = new OutputDemultiplexer({ framed: true });
    demultiplexer.write(frame(2, Buffer.alloc(MIB)));
    demultiplexer.stderr.destroy();

    demultiplexer.end(Buffer.concat([frame(2, Buffer.alloc(MIB)), frame(1, 'after')]));

    assert.equal(await text(demultiplexer.stdout), 'after');
  });

  it('takes the rest unread once it stops holding', async () => {
    const demultiplexer = new OutputDemultiplexer({ framed: true });
    demultiplexer.write(frame(1, Buffer.alloc(MIB)));
    demultiplexer.end(frame(1, Buffer.alloc(MIB)));

    demultiplexer.stopHolding();

    await once(demultiplexer, 'finish');
    assert.equal((await text(demultiplexer.stdout)).length, 2 * MIB);
  });

  it('ends an output that nobody reads rather than keep it without bound', async () => {
    const demultiplexer = new OutputDemultiplexer({ framed: true });
    demultiplexer.stopHolding();
    for (let count = 0; count < 8; count++) demultiplexer.write(frame(1, Buffer.alloc(MIB)));
    demultiplexer.end();

    await once(demultiplexer, 'finish');
    assert.equal((await text(demultiplexer.stdout)).length, 5 * MIB);
  });
});

function frame(type: number, payload: string | Buffer): Buffer {
  const body = Buffer.from(payload as string);
  const header = Buffer.alloc(8);
  header.writeUInt8(type, 0);
  header.writeUInt32BE(body.length, 4);
  return Buffer.concat([header, body]);
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
