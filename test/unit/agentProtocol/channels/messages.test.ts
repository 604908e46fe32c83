import assert from 'node:assert/strict';
import {
  channelOf,
  MAX_ANSWER_BYTES,
  MAX_DATA_BYTES,
  MAX_OPEN_BYTES,
  messageFrames,
  messageHeader,
  MessageType,
} from '../../../../src/agentProtocol/channels/messages';

describe('Messages of channels', () => {
  const lengths = [
    { name: 'OPEN', min: 0, max: MAX_OPEN_BYTES },
    { name: 'OPEN_CONFIRMATION', min: 0, max: MAX_ANSWER_BYTES },
    { name: 'OPEN_FAILURE', min: 0, max: MAX_ANSWER_BYTES },
    { name: 'WINDOW_ADJUST', min: 4, max: 4 },
    { name: 'DATA', min: 1, max: MAX_DATA_BYTES },
    { name: 'EOF', min: 0, max: MAX_ANSWER_BYTES },
    { name: 'CLOSE', min: 0, max: 0 },
  ] as const;
  for (const { name, min, max } of lengths) {
    it(`have ${min} to ${max} bytes as ${name}`, () => {
      const type = MessageType[name];

      const allowed = [min - 1, min, max, max + 1].map((length) => messageFrames.allows(type, length));

      assert.deepEqual(allowed, [false, true, true, false]);
    });
  }

  it('are of no other type', () => {
    assert.equal(messageFrames.allows(7, 0), false);
    assert.equal(messageFrames.allows(255, 8), false);
  });

  it('begin with type, length and channel', () => {
    const header = messageHeader(MessageType.DATA, 2 ** 32 - 2, 0x010203);

    assert.equal(header.toString('hex'), '04010203fffffffe');
    assert.equal(channelOf(header), 2 ** 32 - 2);
  });
});
