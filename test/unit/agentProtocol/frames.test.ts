import assert from 'node:assert/strict';
import { ackFrame, carrierFrames, frame, FrameType, MAX_DATA_BYTES } from '../../../src/agentProtocol/frames';

describe('Frames of a carrier', () => {
  const allowed = [
    { name: 'the shortest DATA', type: FrameType.DATA, length: 1 },
    { name: 'the longest DATA', type: FrameType.DATA, length: MAX_DATA_BYTES },
    { name: 'an ACK', type: FrameType.ACK, length: 8 },
    { name: 'a PING', type: FrameType.PING, length: 8 },
    { name: 'a PONG', type: FrameType.PONG, length: 8 },
    { name: 'an END', type: FrameType.END, length: 1 },
  ];
  for (const { name, type, length } of allowed) {
    it(`may be ${name}`, () => assert.equal(carrierFrames.allows(type, length), true));
  }

  const forbidden = [
    { name: 'DATA that is too long', type: FrameType.DATA, length: MAX_DATA_BYTES + 1 },
    { name: 'DATA of nothing', type: FrameType.DATA, length: 0 },
    { name: 'a short ACK', type: FrameType.ACK, length: 7 },
    { name: 'a long PING', type: FrameType.PING, length: 9 },
    { name: 'an END without a reason', type: FrameType.END, length: 0 },
    { name: 'of an unknown type', type: 5, length: 8 },
    { name: 'what an HTTP server answers', type: 'H'.charCodeAt(0), length: 0x545450 },
  ];
  for (const { name, type, length } of forbidden) {
    it(`may not be ${name}`, () => assert.equal(carrierFrames.allows(type, length), false));
  }

  it('have the type and the length before the payload', () => {
    assert.equal(frame(FrameType.END, Buffer.of(1)).toString('hex'), '0400000101');
  });

  it('tell positions beyond 4 GiB', () => {
    assert.equal(ackFrame(2 ** 40 + 1).toString('hex'), '010000080000010000000001');
  });
});
