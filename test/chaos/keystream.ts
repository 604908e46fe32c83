import { createCipheriv, type Cipher } from 'node:crypto';
import { once } from 'node:events';
import { Readable, Writable } from 'node:stream';

const PIECE_BYTES = 64 * 1024;
const ZEROS = Buffer.alloc(PIECE_BYTES);

/** Bytes that never repeat, so that whichever is lost, doubled or out of place shows: AES-128-CTR over zeros. */
function keystream(): Cipher {
  return createCipheriv('aes-128-ctr', Buffer.alloc(16, 1), Buffer.alloc(16));
}

/** So many bytes of the stream. */
export function sendKeystream(length: number): Readable {
  const cipher = keystream();
  let left = length;
  return new Readable({
    read() {
      const piece = cipher.update(ZEROS.subarray(0, left));
      left -= piece.length;
      this.push(piece.length > 0 ? piece : null);
    },
  });
}

/** Takes the stream's bytes, and fails at the first that is not the one that has to come. */
export class KeystreamCheck extends Writable {
  readonly #cipher = keystream();
  #received = 0;

  get received(): number {
    return this.#received;
  }

  /** Resolves when so many bytes have arrived, and been right. */
  async reaches(position: number): Promise<void> {
    while (this.#received < position) await once(this, 'progress');
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
      const piece = chunk.subarray(at, at + PIECE_BYTES);
      const expected = this.#cipher.update(ZEROS.subarray(0, piece.length));
      if (!piece.equals(expected)) {
        done(new Error(`The bytes from ${this.#received} on are not those that were sent`));
        return;
      }
      this.#received += piece.length;
    }
    this.emit('progress');
    done();
  }
}
