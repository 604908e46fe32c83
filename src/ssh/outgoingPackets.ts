import { randomFillSync } from 'node:crypto';
import type { Client, Connection } from 'ssh2';
import { replaceEach, socketOf } from './ssh2Internals';

/** ssh2's own AES-GCM cipher (RFC 5647), as far as we touch it. */
interface GcmCipher {
  /** Only the ciphers of this kind have it. */
  readonly _encIV: Buffer;
  _onWrite: (data: Buffer) => void;
  encrypt(packet: Buffer): void;
  allocPacket(payloadLength: number): Buffer;
}

/** RFC 4253 section 6: the length field, then the padding's length. */
const LENGTH_BYTES = 4;
const HEADER_BYTES = LENGTH_BYTES + 1;
const BLOCK_BYTES = 16;
const MIN_PADDING_BYTES = 4;
/** More than the largest packet that an OpenSSH client asks for. */
const MAX_REUSED_BYTES = 64 * 1024;
const RANDOM_BYTES = 4096;

/**
 * Saves what ssh2 spends on each packet that it sends with AES-GCM. Its plain text is built in one place, because
 * encryption makes a copy of it at once; random padding is drawn for many packets together; and its parts are one
 * write, for else the other side wakes up for its length alone.
 */
export function sparePackets(connection: Connection | Client): void {
  const buffers = new PacketBuffers();
  replaceEach(connection, '_cipher', (cipher) => {
    if (isGcm(cipher)) {
      buffers.serve(cipher);
      writeWhole(cipher, connection);
    }
    return cipher;
  });
}

function writeWhole(cipher: GcmCipher, connection: Connection | Client): void {
  const encrypt = cipher.encrypt.bind(cipher);
  cipher.encrypt = (packet) => {
    const socket = socketOf(connection);
    socket.cork();
    encrypt(packet);
    socket.uncork();
  };
}

function isGcm(cipher: object): cipher is GcmCipher {
  return '_encIV' in cipher;
}

class PacketBuffers {
  readonly #packet = Buffer.allocUnsafeSlow(MAX_REUSED_BYTES);
  readonly #random = Buffer.allocUnsafeSlow(RANDOM_BYTES);
  #randomUsed = RANDOM_BYTES;

  serve(cipher: GcmCipher): void {
    const write = cipher._onWrite;
    // The length is sent as it is, as a part of the packet.
    cipher._onWrite = (data) => write(data.length === LENGTH_BYTES ? Buffer.from(data) : data);
    cipher.allocPacket = (payloadLength) => this.#alloc(payloadLength);
  }

  #alloc(payloadLength: number): Buffer {
    const unpadded = HEADER_BYTES + payloadLength;
    const paddingLength = paddingOf(unpadded - LENGTH_BYTES);
    const length = unpadded + paddingLength;
    const packet = length <= MAX_REUSED_BYTES ? this.#packet.subarray(0, length) : Buffer.allocUnsafe(length);
    packet.writeUInt32BE(length - LENGTH_BYTES);
    packet.writeUInt8(paddingLength, LENGTH_BYTES);
    this.#takeRandom(paddingLength).copy(packet, unpadded);
    return packet;
  }

  #takeRandom(length: number): Buffer {
    if (this.#randomUsed + length > RANDOM_BYTES) {
      randomFillSync(this.#random);
      this.#randomUsed = 0;
    }
    const begin = this.#randomUsed;
    this.#randomUsed += length;
    return this.#random.subarray(begin, this.#randomUsed);
  }
}

/** What is encrypted fills whole blocks (RFC 5647 section 7.2). */
function paddingOf(length: number): number {
  const padding = BLOCK_BYTES - (length % BLOCK_BYTES);
  return padding < MIN_PADDING_BYTES ? padding + BLOCK_BYTES : padding;
}
