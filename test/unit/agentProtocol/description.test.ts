import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import {
  encodeDescription,
  MAX_DESCRIPTION_BYTES,
  readDescription,
} from '../../../src/agentProtocol/description';

const description = { argv: ['sh', '-c', 'ü'], env: {} };

describe('readDescription', () => {
  it('leaves what follows the description to the next reader', async () => {
    const body = bodyOf(encodeDescription(description), Buffer.from('input'));

    assert.deepEqual(await readDescription(body), description);
    assert.equal((await buffer(body)).toString(), 'input');
  });

  it('reads one that comes byte by byte, and loses nothing that comes later', async () => {
    const body = new PassThrough();
    const reading = readDescription(body);

    for (const byte of encodeDescription(description)) body.write(Buffer.of(byte));
    const read = await reading;
    body.end('input');

    assert.deepEqual(read, description);
    assert.equal((await buffer(body)).toString(), 'input');
  });

  it('does not need the body to end, nor to go on', async () => {
    const body = new PassThrough();
    body.write(encodeDescription(description));

    assert.deepEqual(await readDescription(body), description);
  });

  const hostile = [
    { name: 'an empty body', body: Buffer.alloc(0) },
    { name: 'a body that ends within the description', body: encodeDescription(description).subarray(0, -1) },
    { name: 'a length beyond the limit', body: lengthOf(MAX_DESCRIPTION_BYTES + 1) },
    { name: 'what is not JSON', body: Buffer.concat([lengthOf(1), Buffer.from('{')]) },
  ];
  for (const { name, body } of hostile) {
    it(`refuses ${name}`, async () => {
      await assert.rejects(readDescription(bodyOf(body)), { code: 'protocol' });
    });
  }

  it('refuses to make one that would be refused', () => {
    assert.throws(() => encodeDescription({ text: 'x'.repeat(MAX_DESCRIPTION_BYTES) }), { code: 'protocol' });
  });
});

function lengthOf(bytes: number): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes);
  return length;
}

function bodyOf(...parts: readonly Buffer[]): PassThrough {
  return new PassThrough().end(Buffer.concat(parts));
}
