import { createDecipheriv, type CipherGCMTypes } from 'node:crypto';
import type { Connection } from 'ssh2';
import { replaceEach } from './ssh2Internals';

/** ssh2's own AES-GCM decipher (RFC 5647), as far as we take it over. */
interface GcmDecipher {
  /** Only the decipher of this kind has these three. */
  readonly _decipherSSLName: CipherGCMTypes;
  readonly _decipherKey: Buffer;
  readonly _decipherIV: Buffer;
  readonly _tag: Buffer;
  readonly inSeqno: number;
  readonly _onPayload: OnPayload;
}

/** Anything but undefined ends the work on a chunk: where, or with false, here. */
type OnPayload = (payload: Buffer) => number | false | undefined;

const LENGTH_BYTES = 4;
const BLOCK_BYTES = 16;
const TAG_BYTES = 16;
/** Of the invocation counter in the nonce, RFC 5647 section 7.1. */
const COUNTER_OFFSET = 4;
/** OpenSSH's PACKET_MAX_SIZE. */
export const MAX_PACKET_BYTES = 256 * 1024;

/**
 * Takes packets as long as OpenSSH sends them. ssh2 ends the connection at 35,000 bytes: all that RFC 4253 section
 * 6.1 asks for, but a command line can be longer. Other ciphers than AES-GCM, which our configuration prefers, keep
 * ssh2's limit.
 */
export function acceptLongPackets(connection: Connection): void {
  replaceEach(connection, '_decipher', (decipher) =>
    isGcm(decipher) ? new LongPacketDecipher(decipher) : decipher,
  );
}

function isGcm(decipher: object): decipher is GcmDecipher {
  return '_decipherSSLName' in decipher && '_tag' in decipher;
}

/** In the shape that ssh2 gives its deciphers. Exported for tests. */
export class LongPacketDecipher {
  /** These two are ssh2's to change. */
  inSeqno: number;
  _onPayload: OnPayload;
  readonly #algorithm: CipherGCMTypes;
  readonly #key: Buffer;
  readonly #nonce: Buffer;
  /** What has come of the packet: its length, what is encrypted, the tag. Pages that are never used cost nothing. */
  readonly #packet = Buffer.allocUnsafeSlow(LENGTH_BYTES + MAX_PACKET_BYTES + TAG_BYTES);
  #received = 0;
  #wanted = LENGTH_BYTES;

  constructor(original: GcmDecipher) {
    this.inSeqno = original.inSeqno;
    this._onPayload = original._onPayload;
    this.#algorithm = original._decipherSSLName;
    this.#key = original._decipherKey;
    this.#nonce = original._decipherIV;
  }

  /** Hands on the packets in `data` from `start` to `end`; what is left of it is kept for the next call. */
  decrypt(data: Buffer, start: number, end: number): number | undefined {
    let position = start;
    while (position < end) {
      const taken = Math.min(this.#wanted - this.#received, end - position);
      this.#packet.set(data.subarray(position, position + taken), this.#received);
      this.#received += taken;
      position += taken;
      if (this.#received < this.#wanted) return undefined;
      if (this.#wanted === LENGTH_BYTES) {
        this.#wanted += this.#readLength() + TAG_BYTES;
        continue;
      }
      const result = this._onPayload(this.#open());
      if (result !== undefined) return result === false ? position : result;
    }
    return undefined;
  }

  free(): void {
    // Nothing is held outside the heap.
  }

  #readLength(): number {
    const length = this.#packet.readUInt32BE();
    if (length < BLOCK_BYTES || length > MAX_PACKET_BYTES || length % BLOCK_BYTES !== 0)
      throw new Error('Bad packet length');
    return length;
  }

  /** Verifies and decrypts the packet, and makes ready for the next one. */
  #open(): Buffer {
    const tagAt = this.#wanted - TAG_BYTES;
    const decipher = createDecipheriv(this.#algorithm, this.#key, this.#nonce, { authTagLength: TAG_BYTES });
    decipher.setAutoPadding(false);
    decipher.setAAD(this.#packet.subarray(0, LENGTH_BYTES));
    decipher.setAuthTag(this.#packet.subarray(tagAt, this.#wanted));
    const plain = decipher.update(this.#packet.subarray(LENGTH_BYTES, tagAt));
    decipher.final();
    this.#nonce.writeBigUInt64BE(
      BigInt.asUintN(64, this.#nonce.readBigUInt64BE(COUNTER_OFFSET) + 1n),
      COUNTER_OFFSET,
    );
    this.inSeqno = (this.inSeqno + 1) >>> 0;
    this.#received = 0;
    this.#wanted = LENGTH_BYTES;
    return payloadOf(plain);
  }
}

/** RFC 4253 section 6: the padding's length, the payload, the padding. */
function payloadOf(plain: Buffer): Buffer {
  const paddingLength = plain.readUInt8();
  if (paddingLength + 1 > plain.length) throw new Error('Bad padding length');
  return plain.subarray(1, plain.length - paddingLength);
}
