import type { Readable } from 'node:stream';
import { ByteReader } from '../base/byteReader';
import { AgentLinkError } from './errors';

/** Longest description, in bytes of JSON. */
export const MAX_DESCRIPTION_BYTES = 1024 * 1024;
const LENGTH_BYTES = 4;

/** What a request's body begins with: the length of its description (32 bits, big-endian), then that in JSON. */
export function encodeDescription(description: object): Buffer {
  const json = Buffer.from(JSON.stringify(description));
  if (json.length > MAX_DESCRIPTION_BYTES) throw tooLong(json.length);
  const length = Buffer.allocUnsafe(LENGTH_BYTES);
  length.writeUInt32BE(json.length);
  return Buffer.concat([length, json]);
}

/**
 * Takes the description off a request's body and leaves the rest, paused. The value comes from the other side and is
 * not checked. Rejects with an {@link AgentLinkError} `protocol` if the body is too short or begins otherwise.
 */
export async function readDescription(body: Readable): Promise<unknown> {
  const reader = new ByteReader(body);
  try {
    const length = (await readExactly(reader, LENGTH_BYTES)).readUInt32BE();
    if (length > MAX_DESCRIPTION_BYTES) throw tooLong(length);
    return parse((await readExactly(reader, length)).toString('utf8'));
  } finally {
    reader.release();
  }
}

async function readExactly(reader: ByteReader, length: number): Promise<Buffer> {
  const bytes = await reader.read(length);
  if (bytes.length < length) throw new AgentLinkError('protocol', 'The request ends within its description');
  return bytes;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AgentLinkError('protocol', 'The description of the request is not JSON', { cause });
  }
}

function tooLong(length: number): AgentLinkError {
  return new AgentLinkError(
    'protocol',
    `The description of the request has ${length} bytes; ${MAX_DESCRIPTION_BYTES} are allowed`,
  );
}
