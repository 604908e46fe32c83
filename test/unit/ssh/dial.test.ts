import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connectRelay } from '../../../src/ssh/backends/dial';
import { CONNECTED } from '../../../src/ssh/backends/relays';
import { createTestProcess, readAll, readOpen } from '../../helpers/remoteProcess';

const never = new AbortController().signal;

describe('connectRelay', () => {
  it('takes the announcement, and nothing else, off what the server sends', async () => {
    const { process, stdout } = createTestProcess();
    stdout.end(Buffer.from([CONNECTED, CONNECTED, 0x61]));

    const stream = await connectRelay(process, true, never);

    assert.deepEqual(await readAll(stream), Buffer.from([CONNECTED, 0x61]));
  });

  it('rejects as refused, in the words of the relay, when it ends unconnected', async () => {
    const { process, stdout, stderr, exited, kills } = createTestProcess();
    const connecting = connectRelay(process, true, never);
    stderr.write('Connection refused\n');
    await new Promise(setImmediate);
    stdout.end();
    exited.resolve({ code: 111 });

    await assert.rejects(connecting, { code: 'refused', message: 'Connection refused' });
    assert.equal(kills(), 1);
  });

  it('rejects as lost, not as refused, when the relay ends without a word', async () => {
    const { process, stdout, exited } = createTestProcess();
    const connecting = connectRelay(process, true, never);
    stdout.end();
    exited.resolve({ signal: 'KILL' });

    await assert.rejects(connecting, { code: 'lost' });
  });

  it('notices a relay that had ended before', async () => {
    const { process, stdout, exited } = createTestProcess();
    stdout.resume().end();
    await once(stdout, 'close');
    exited.resolve({ signal: 'KILL' });

    await assert.rejects(connectRelay(process, true, never), { code: 'lost' });
  });

  it('takes a relay that announces nothing for connected once it brings output', async () => {
    const { process, stdout } = createTestProcess();
    stdout.write('220 ready');

    const stream = await connectRelay(process, false, never);

    stdout.end();
    assert.equal(String(await readAll(stream)), '220 ready');
  });

  it('rejects when it is cancelled, and ends the relay', async () => {
    const { process, kills } = createTestProcess();
    const cancelled = new AbortController();
    const connecting = connectRelay(process, true, cancelled.signal);

    cancelled.abort();

    await assert.rejects(connecting, { name: 'AbortError' });
    assert.equal(kills(), 1);
  });

  it('brings all that the server sent, though the client writes to a relay that has ended', async () => {
    const { process, stdout, exited } = createTestProcess();
    stdout.write(Buffer.from([CONNECTED]));
    const stream = await connectRelay(process, true, never);

    stdout.end('x'.repeat(200_000));
    exited.resolve({ code: 0 });
    process.stdin.destroy();
    stream.write('more');

    assert.equal((await readAll(stream)).length, 200_000);
  });

  it('ends its output where the relay says, and goes on sending', async () => {
    const { process, stdout, stderr, exited } = createTestProcess();
    stdout.write(Buffer.from([CONNECTED]));
    const stream = await connectRelay(process, true, never);

    stderr.write('end-of-output 5\n');
    stdout.write('12345');

    assert.equal(String(await readOpen(stream)), '12345');
    assert.ok(stream.writable);
    stream.end('more');
    exited.resolve({ code: 0 });
    await once(stream, 'close');
  });

  it('drops what a relay sends beyond the end that it told', async () => {
    const { process, stdout, stderr } = createTestProcess();
    stdout.write(Buffer.from([CONNECTED]));
    const stream = await connectRelay(process, true, never);

    stderr.write('end-of-output 2\n');
    stdout.write('12');
    stdout.write('345');

    assert.equal(String(await readOpen(stream)), '12');
    stream.destroy();
  });

  it('ends the relay with the stream', async () => {
    const { process, stdout, kills } = createTestProcess();
    stdout.write(Buffer.from([CONNECTED]));

    (await connectRelay(process, true, never)).destroy();

    assert.equal(kills(), 1);
  });
});
