import assert from 'node:assert/strict';
import { once } from 'node:events';
import { PassThrough, type Readable } from 'node:stream';
import { GreetedStream, SSH_IDENT } from '../../../src/ssh/greeting';

const IDENTIFICATION = `SSH-2.0-${SSH_IDENT}\r\n`;

/** Since Node 26 `read()` gives one chunk, before that all that there are. */
function readAvailable(stream: Readable): string {
  let text = '';
  for (let chunk = stream.read() as Buffer | null; chunk; chunk = stream.read() as Buffer | null)
    text += String(chunk);
  return text;
}

describe('GreetedStream', () => {
  let input: PassThrough;
  let output: PassThrough;
  let stream: GreetedStream;
  beforeEach(() => {
    input = new PassThrough();
    output = new PassThrough();
    stream = new GreetedStream(input, output);
    stream.on('error', () => undefined);
  });

  it('sends the identification string before anybody uses it', () => {
    assert.equal(String(output.read()), IDENTIFICATION);
  });

  it("drops ssh2's own copy of that line, however it is cut", () => {
    output.read();
    stream.write(IDENTIFICATION.slice(0, 5));
    stream.write(`${IDENTIFICATION.slice(5)}more`);

    assert.equal(String(output.read()), 'more');
  });

  it('hands on what was written while corked, in order', () => {
    output.read();
    stream.cork();
    for (const piece of [IDENTIFICATION, 'a', 'b']) stream.write(piece);
    assert.equal(output.read(), null);

    stream.uncork();

    assert.equal(readAvailable(output), 'ab');
  });

  it('keeps what the client sends until it is read', async () => {
    input.write('early');
    await once(stream, 'readable');

    assert.equal(String(stream.read()), 'early');
  });

  it('closes when the client is gone, though nobody reads', async () => {
    input.write('unread');
    const closed = once(stream, 'close');

    input.end();

    await closed;
  });

  it('closes when the client takes no more output', async () => {
    const closed = new Promise((resolve) => stream.once('close', resolve));

    output.destroy(new Error('EPIPE'));

    await closed;
  });
});
