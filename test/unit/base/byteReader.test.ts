import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { ByteReader } from '../../../src/base/byteReader';

describe('ByteReader', () => {
  it('joins what comes in pieces', async () => {
    const stream = new PassThrough();
    const read = new ByteReader(stream).read(5);

    stream.write('ab');
    stream.write('cd');
    stream.write('efg');

    assert.equal((await read).toString(), 'abcde');
  });

  it('leaves the rest for the next read', async () => {
    const stream = new PassThrough();
    const reader = new ByteReader(stream);
    stream.end('abcde');

    assert.equal((await reader.read(2)).toString(), 'ab');
    assert.equal((await reader.read(3)).toString(), 'cde');
  });

  it('gives what there is at the end, then nothing', async () => {
    const stream = new PassThrough();
    const reader = new ByteReader(stream);
    stream.end('abc');

    assert.equal((await reader.read(10)).toString(), 'abc');
    assert.equal((await reader.read(10)).length, 0);
  });

  it('ends with a stream that fails', async () => {
    const stream = new PassThrough();
    const read = new ByteReader(stream).read(5);

    stream.destroy(new Error('lost'));

    assert.equal((await read).length, 0);
  });

  it('reads more than the stream would buffer', async () => {
    const stream = new PassThrough({ highWaterMark: 10 });
    const read = new ByteReader(stream).read(1000);

    stream.end(Buffer.alloc(1000, 1));

    assert.equal((await read).length, 1000);
  });
});
