import assert from 'node:assert/strict';
import { once } from 'node:events';
import { FIRST_WINDOW_BYTES, MAX_WINDOW_BYTES } from '../../../../src/agentProtocol/channels/channel';
import { MessageType } from '../../../../src/agentProtocol/channels/messages';
import { Multiplexer } from '../../../../src/agentProtocol/channels/multiplexer';
import { carrierPair } from '../../../helpers/carrierPair';
import { eventually } from '../../../helpers/eventually';
import { readOpen } from '../../../helpers/remoteProcess';
import { message, SessionPair } from './channelPairs';

const MIB = 1024 * 1024;
/** As a socket gives them. */
const PIECE_BYTES = 64 * 1024;

describe('The flow control of a channel', () => {
  let session: SessionPair;
  beforeEach(() => (session = new SessionPair({ pieceBytes: () => PIECE_BYTES })));
  afterEach(() => session.destroy());

  it('lets no more come than the first windows where nobody reads, and other channels go on', async () => {
    const unread = await session.open();
    const read = await session.open();

    unread.near.write(Buffer.alloc(8 * MIB));
    read.near.end(Buffer.alloc(8 * MIB));

    assert.equal((await readOpen(read.far)).length, 8 * MIB);
    const waiting = unread.far.readableLength;
    assert.ok(waiting >= FIRST_WINDOW_BYTES && waiting < 2 * FIRST_WINDOW_BYTES, `${waiting} bytes`);
  });

  it('has the writer wait, and go on when it is read', async () => {
    const { near, far } = await session.open();
    let isWritten = false;
    near.write(Buffer.alloc(2 * MIB), () => (isWritten = true));
    await session.assertAlive();
    assert.deepEqual([isWritten, near.writableNeedDrain], [false, true]);
    const drained = once(near, 'drain');

    far.resume();
    await drained;

    assert.equal(isWritten, true);
  });

  it('lets more come with what was read, up to the widest window', async () => {
    const { near, far } = await session.open();
    near.write(Buffer.alloc(16 * MIB));
    let read = 0;
    far.on('data', (chunk: Buffer) => (read += chunk.length));
    await eventually(() => assert.equal(read, 16 * MIB));

    far.pause();
    near.write(Buffer.alloc(16 * MIB));
    // It is opened again by a quarter at least.
    await eventually(() => assert.ok(far.readableLength >= MAX_WINDOW_BYTES * 0.75));
    await session.assertAlive();

    const waiting = far.readableLength;
    assert.ok(waiting < MAX_WINDOW_BYTES + FIRST_WINDOW_BYTES, `${waiting} bytes`);
  });

  it('goes on where it is read in steps smaller than what waits', async () => {
    const { near, far } = await session.open();
    near.end(Buffer.alloc(3 * MIB));
    let read = 0;

    far.on('readable', () => {
      for (let chunk = far.read(1000) as Buffer | null; chunk; chunk = far.read(1000) as Buffer | null) {
        read += chunk.length;
      }
    });
    await once(far, 'end');

    assert.equal(read, 3 * MIB);
  });

  it('holds for each direction alone', async () => {
    const { near, far } = await session.open();
    near.write(Buffer.alloc(2 * MIB));

    far.end(Buffer.alloc(2 * MIB));

    assert.equal((await readOpen(near)).length, 2 * MIB);
  });

  it('keeps no chunk of the session for a few bytes that wait to be read', async () => {
    const { near: stream, far: peer } = carrierPair();
    const client = new Multiplexer(stream);
    const [unread, read] = [client.open({}), client.open({})];
    const few = message(MessageType.DATA, unread.id, 'few');

    peer.write(Buffer.concat([few, message(MessageType.DATA, read.id, Buffer.alloc(PIECE_BYTES))]));
    await once(read, 'data');

    const kept = unread.read() as Buffer;
    assert.equal(kept.toString(), 'few');
    assert.ok(kept.buffer.byteLength < PIECE_BYTES, `${kept.buffer.byteLength} bytes`);
    client.destroy();
  });
});
