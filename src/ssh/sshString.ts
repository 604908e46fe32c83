/** Strings of SSH packets: a length of four bytes, then as many bytes (RFC 4251 section 5). */

/** The string that begins at `at`, and where it ends; undefined if the packet ends before. */
export function readString(packet: Buffer, at: number): { text: Buffer; end: number } | undefined {
  if (at + 4 > packet.length) return undefined;
  const end = at + 4 + packet.readUInt32BE(at);
  return end > packet.length ? undefined : { text: packet.subarray(at + 4, end), end };
}

export function encodeString(text: string): Buffer {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
