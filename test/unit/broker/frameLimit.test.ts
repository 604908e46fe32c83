import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { FrameLimit } from '../../../src/broker/frameLimit';

const frame = (body: string): string => `Content-Length: ${body.length}\r\n\r\n${body}`;
const pass = (chunks: Iterable<Buffer>): Promise<Buffer> =>
  buffer(Readable.from(chunks).compose(new FrameLimit(20)) as Readable);

describe('FrameLimit', () => {
  const stream = Buffer.from(
    frame('one') + frame('x'.repeat(20)) + frame('') + frame('Content-Length: 99\r\n'),
  );

  for (const size of [1, 3, 7, 1000]) {
    it(`passes frames unchanged in chunks of ${size} bytes`, async () => {
      const chunks: Buffer[] = [];
      for (let at = 0; at < stream.length; at += size) chunks.push(stream.subarray(at, at + size));
      assert.deepEqual(await pass(chunks), stream);
    });
  }

  it('knows other headers', async () => {
    const input = Buffer.from('content-length: 2\r\nContent-Type: application/json\r\n\r\n{}');
    assert.deepEqual(await pass([input]), input);
  });

  const refused = [
    { name: 'a frame one byte too large', input: frame('x'.repeat(21)), message: /too large/ },
    {
      name: 'a claim beyond all memory',
      input: 'Content-Length: 999999999999\r\n\r\n',
      message: /too large/,
    },
    {
      name: 'a large frame after a small one',
      input: frame('a') + frame('x'.repeat(21)),
      message: /too large/,
    },
    { name: 'a header without end', input: 'x'.repeat(256), message: /too long/ },
    { name: 'no length', input: 'Content-Type: x\r\n\r\n', message: /Content-Length/ },
    {
      name: 'two lengths',
      input: 'Content-Length: 1\r\nContent-Length: 9\r\n\r\n',
      message: /Content-Length/,
    },
    { name: 'a negative length', input: 'Content-Length: -1\r\n\r\n', message: /Content-Length/ },
  ];
  for (const { name, input, message } of refused) {
    it(`refuses ${name}`, () => assert.rejects(pass([Buffer.from(input)]), { message }));
  }
});
