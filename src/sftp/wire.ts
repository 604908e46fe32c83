import { AttributeFlag } from './protocol';
import type { Attributes, ByteString } from './remoteFiles';

/** The client does not speak the protocol. */
export class BadMessage extends Error {}

/** Takes the fields of a packet one after the other (RFC 4251 section 5). */
export class FieldReader {
  #position = 0;

  constructor(private readonly packet: Buffer) {}

  get isAtEnd(): boolean {
    return this.#position >= this.packet.length;
  }

  byte(): number {
    return this.#take(1).readUInt8();
  }

  uint32(): number {
    return this.#take(4).readUInt32BE();
  }

  /** A file offset or size. */
  uint64(): number {
    const value = Number(this.#take(8).readBigUInt64BE());
    if (!Number.isSafeInteger(value)) throw new BadMessage('Number too large');
    return value;
  }

  bytes(): Buffer {
    return this.#take(this.uint32());
  }

  string(): ByteString {
    return this.bytes().toString('latin1');
  }

  /** ATTRS, draft-ietf-secsh-filexfer-02 section 5. Extended attributes are passed over. */
  attributes(): Attributes {
    const flags = this.uint32();
    return {
      ...(flags & AttributeFlag.SIZE && { size: this.uint64() }),
      ...(flags & AttributeFlag.UIDGID && { owner: { uid: this.uint32(), gid: this.uint32() } }),
      ...(flags & AttributeFlag.PERMISSIONS && { mode: this.uint32() }),
      ...(flags & AttributeFlag.ACMODTIME && {
        times: { accessed: this.uint32(), modified: this.uint32() },
      }),
    };
  }

  #take(length: number): Buffer {
    const end = this.#position + length;
    if (end > this.packet.length) throw new BadMessage('Packet too short');
    const field = this.packet.subarray(this.#position, end);
    this.#position = end;
    return field;
  }
}

export function byte(value: number): Buffer {
  return Buffer.of(value);
}

export function uint32(value: number): Buffer {
  const field = Buffer.allocUnsafe(4);
  field.writeUInt32BE(value);
  return field;
}

export function uint64(value: number): Buffer {
  const field = Buffer.allocUnsafe(8);
  field.writeBigUInt64BE(BigInt(value));
  return field;
}

export function string(value: ByteString | Buffer): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'latin1') : value;
  return Buffer.concat([uint32(bytes.length), bytes]);
}

export function attributes({ size, owner, mode, times }: Attributes): Buffer {
  let flags = 0;
  const fields: Buffer[] = [];
  if (size !== undefined) {
    flags |= AttributeFlag.SIZE;
    fields.push(uint64(size));
  }
  if (owner) {
    flags |= AttributeFlag.UIDGID;
    fields.push(uint32(owner.uid), uint32(owner.gid));
  }
  if (mode !== undefined) {
    flags |= AttributeFlag.PERMISSIONS;
    fields.push(uint32(mode));
  }
  if (times) {
    flags |= AttributeFlag.ACMODTIME;
    fields.push(uint32(times.accessed), uint32(times.modified));
  }
  return Buffer.concat([uint32(flags), ...fields]);
}

/** A packet with its length before it. */
export function packet(...fields: readonly Buffer[]): Buffer {
  const length = fields.reduce((sum, field) => sum + field.length, 0);
  return Buffer.concat([uint32(length), ...fields], 4 + length);
}
