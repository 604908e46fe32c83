import assert from 'node:assert/strict';
import { messageFrames, messageHeader, MessageType } from '../../../src/agentProtocol/channels/messages';
import { FrameDecoder, type FrameFormat } from '../../../src/agentProtocol/frameDecoder';
import { carrierFrames, EndReason, frame, frameHeader, FrameType } from '../../../src/agentProtocol/frames';

/** Header and payload of the frames in these chunks. The pieces of one frame's data are put together. */
function decode(format: FrameFormat, chunks: readonly Buffer[]): Buffer[][] {
  const seen: Buffer[][] = [];
  let current: Buffer | undefined;
  const decoder = new FrameDecoder(format, {
    onData: (piece, header) => {
      if (header === current) seen.at(-1)?.push(piece);
      else seen.push([header, piece]);
      current = header;
    },
    onControl: (type, payload, header) => {
      assert.equal(type, header[0]);
      seen.push([header, payload]);
    },
  });
  for (const chunk of chunks) decoder.write(chunk);
  return seen;
}

function cut(bytes: Buffer, pieceBytes: number): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes) pieces.push(bytes.subarray(at, at + pieceBytes));
  return pieces;
}

const message = (type: number, channel: number, payload: string): Buffer =>
  Buffer.concat([messageHeader(type, channel, payload.length), Buffer.from(payload)]);

const formats = [
  {
    name: 'carriers',
    format: carrierFrames,
    frames: [
      frame(FrameType.DATA, Buffer.from('hello')),
      frame(FrameType.PING, Buffer.alloc(8, 1)),
      frame(FrameType.DATA, Buffer.from('world')),
      frame(FrameType.DATA, Buffer.from('!')),
      frame(FrameType.END, Buffer.of(EndReason.ABORTED)),
    ],
    forbidden: frameHeader(FrameType.DATA, 0),
  },
  {
    name: 'channels',
    format: messageFrames,
    frames: [
      message(MessageType.OPEN, 1, '{"wanted":"this"}'),
      message(MessageType.DATA, 1, 'hello'),
      message(MessageType.CLOSE, 2 ** 32 - 1, ''),
      message(MessageType.DATA, 2, 'world'),
      message(MessageType.DATA, 2, '!'),
      message(MessageType.EOF, 2, ''),
    ],
    forbidden: messageHeader(MessageType.CLOSE, 1, 1),
  },
];

describe('FrameDecoder', () => {
  for (const { name, format, frames, forbidden } of formats) {
    describe(`of the frames of ${name}`, () => {
      const sent = Buffer.concat(frames);
      for (const pieceBytes of [1, 2, 3, 4, 5, 7, 11, sent.length]) {
        it(`reads those that come in pieces of ${pieceBytes} bytes`, () => {
          const seen = decode(format, cut(sent, pieceBytes)).map((parts) => Buffer.concat(parts));

          assert.deepEqual(seen, frames);
        });
      }

      it('refuses one that there is not at its header', () => {
        assert.throws(() => decode(format, [sent, forbidden]), { code: 'protocol' });
      });
    });
  }

  it('hands on data as it comes', () => {
    const [first, second] = [Buffer.from('before the '), Buffer.from('cut')];
    const header = frameHeader(FrameType.DATA, first.length + second.length);

    const [seen] = decode(carrierFrames, [header, first, second]);

    assert.deepEqual(seen, [header, first, second]);
  });

  it('hands nothing on once it is stopped, not even of the current chunk', () => {
    const seen: string[] = [];
    const decoder: FrameDecoder = new FrameDecoder(carrierFrames, {
      onData: (piece) => {
        seen.push(piece.toString());
        decoder.stop();
      },
      onControl: (type) => void seen.push(`type ${type}`),
    });

    const data = frame(FrameType.DATA, Buffer.from('hello'));
    decoder.write(Buffer.concat([data, data]));

    assert.deepEqual(seen, ['hello']);
  });
});
