import assert from 'node:assert/strict';
import {
  ackFrame,
  EndReason,
  frame,
  FrameDecoder,
  frameHeader,
  FrameType,
  MAX_DATA_BYTES,
} from '../../../src/agentProtocol/frames';

/** What a decoder makes of these chunks; pieces of DATA that follow each other are put together. */
function decode(chunks: readonly Buffer[]): (readonly [type: number, payload: string])[] {
  const seen: [number, string][] = [];
  const decoder = new FrameDecoder({
    onData: (piece) => {
      const last = seen.at(-1);
      if (last?.[0] === FrameType.DATA) last[1] += piece.toString('latin1');
      else seen.push([FrameType.DATA, piece.toString('latin1')]);
    },
    onControl: (type, payload) => void seen.push([type, payload.toString('hex')]),
  });
  for (const chunk of chunks) decoder.write(chunk);
  return seen;
}

function cut(bytes: Buffer, pieceBytes: number): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes) pieces.push(bytes.subarray(at, at + pieceBytes));
  return pieces;
}

describe('FrameDecoder', () => {
  const sent = Buffer.concat([
    frame(FrameType.DATA, Buffer.from('hello')),
    ackFrame(2 ** 40 + 1),
    frame(FrameType.PING, Buffer.alloc(8, 1)),
    frame(FrameType.DATA, Buffer.from('world')),
    frame(FrameType.END, Buffer.of(EndReason.ABORTED)),
  ]);
  for (const pieceBytes of [1, 2, 3, 4, 5, 7, 11, sent.length]) {
    it(`reads frames that come in pieces of ${pieceBytes} bytes`, () => {
      assert.deepEqual(decode(cut(sent, pieceBytes)), [
        [FrameType.DATA, 'hello'],
        [FrameType.ACK, '0000010000000001'],
        [FrameType.PING, '0101010101010101'],
        [FrameType.DATA, 'world'],
        [FrameType.END, '01'],
      ]);
    });
  }

  it('takes the longest DATA frame', () => {
    const [data] = decode([frame(FrameType.DATA, Buffer.alloc(MAX_DATA_BYTES))]);

    assert.equal(data?.[1].length, MAX_DATA_BYTES);
  });

  const hostile = [
    { name: 'DATA that is too long', type: FrameType.DATA, length: MAX_DATA_BYTES + 1 },
    { name: 'DATA of nothing', type: FrameType.DATA, length: 0 },
    { name: 'a short ACK', type: FrameType.ACK, length: 7 },
    { name: 'a long PING', type: FrameType.PING, length: 9 },
    { name: 'an END without a reason', type: FrameType.END, length: 0 },
    { name: 'an unknown type', type: 5, length: 8 },
    { name: 'what an HTTP server answers', type: 'H'.charCodeAt(0), length: 0x545450 },
  ];
  for (const { name, type, length } of hostile) {
    it(`refuses ${name} at its header`, () => {
      assert.throws(() => decode([frameHeader(type, length)]), { code: 'protocol' });
    });
  }

  it('hands nothing on once it is stopped, not even of the current chunk', () => {
    const seen: string[] = [];
    const decoder: FrameDecoder = new FrameDecoder({
      onData: (piece) => {
        seen.push(piece.toString());
        decoder.stop();
      },
      onControl: (type) => void seen.push(`type ${type}`),
    });

    decoder.write(sent);

    assert.deepEqual(seen, ['hello']);
  });
});
