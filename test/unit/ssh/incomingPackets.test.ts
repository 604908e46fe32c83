import assert from 'node:assert/strict';
import { createCipheriv } from 'node:crypto';
import { LongPacketDecipher, MAX_PACKET_BYTES } from '../../../src/ssh/incomingPackets';

const ALGORITHM = 'aes-128-gcm';
const KEY = Buffer.alloc(16, 7);
const PADDING = 8;

describe('LongPacketDecipher', () => {
  let received: Buffer[];
  let decipher: LongPacketDecipher;
  let nonce: Buffer;
  beforeEach(() => {
    received = [];
    nonce = Buffer.from('0102030400000000ffffffff', 'hex');
    decipher = new LongPacketDecipher({
      _decipherSSLName: ALGORITHM,
      _decipherKey: KEY,
      _decipherIV: Buffer.from(nonce),
      _tag: Buffer.alloc(16),
      inSeqno: 0xffffffff,
      _onPayload: (payload) => void received.push(payload),
    });
  });

  /** A packet as RFC 5647 has it; its payload is what fills `length` bytes beside the padding. */
  function packet(length: number, fill: string): Buffer {
    const header = Buffer.alloc(4);
    header.writeUInt32BE(length);
    const plain = Buffer.concat([Buffer.of(PADDING), payload(length, fill), Buffer.alloc(PADDING)]);
    const cipher = createCipheriv(ALGORITHM, KEY, nonce);
    cipher.setAutoPadding(false).setAAD(header);
    const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
    nonce.writeBigUInt64BE(nonce.readBigUInt64BE(4) + 1n, 4);
    return Buffer.concat([header, sealed, cipher.getAuthTag()]);
  }
  const payload = (length: number, fill: string): Buffer => Buffer.alloc(length - PADDING - 1, fill);
  const take = (data: Buffer): number | undefined => decipher.decrypt(data, 0, data.length);

  it('takes packets as they come: many at once, and byte by byte', () => {
    const packets = ['a', 'b', 'c', 'd'].map((fill) => packet(48, fill));

    take(Buffer.concat(packets.slice(0, 2)));
    for (const byte of Buffer.concat(packets.slice(2))) take(Buffer.of(byte));

    assert.deepEqual(
      received,
      ['a', 'b', 'c', 'd'].map((fill) => payload(48, fill)),
    );
    assert.equal(decipher.inSeqno, 3);
  });

  it('takes the longest packet of OpenSSH', () => {
    take(packet(MAX_PACKET_BYTES, 'x'));

    assert.deepEqual(received, [payload(MAX_PACKET_BYTES, 'x')]);
  });

  for (const length of [0, 8, 24, MAX_PACKET_BYTES + 16, 0xffffffff]) {
    it(`refuses a packet of ${length} bytes as soon as it says so`, () => {
      const header = Buffer.alloc(4);
      header.writeUInt32BE(length);

      assert.throws(() => take(header), /Bad packet length/);
    });
  }

  it('refuses a packet that was changed on its way', () => {
    const changed = packet(32, 'a');
    changed[20]! ^= 1;

    assert.throws(() => take(changed), /unable to authenticate data/);
    assert.deepEqual(received, []);
  });

  it('stops after the packet whose handler says so, and tells where', () => {
    decipher._onPayload = () => false;
    const first = packet(32, 'a');

    assert.equal(take(Buffer.concat([first, packet(32, 'b')])), first.length);
  });
});
