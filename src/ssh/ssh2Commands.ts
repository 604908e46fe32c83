/**
 * Command lines that are not UTF-8, such as one with the name of a file from a Latin-1 system. ssh2 decodes them, and
 * neither the clouds' APIs nor Node's spawn() take bytes, so some would be lost on the way. Such a line is wrapped,
 * off the packet itself, in one of plain ASCII.
 */
import { isUtf8 } from 'node:buffer';
import handlers from 'ssh2/lib/protocol/handlers.js';
import { escapeForPrintf } from '../base/shell';
import { encodeString, readString } from './sshString';

const CHANNEL_REQUEST = 98;

const handle = handlers[CHANNEL_REQUEST];
handlers[CHANNEL_REQUEST] = (protocol, payload) => handle?.(protocol, withTextCommand(payload));

/** The same packet, unless it is an `exec` (RFC 4254 section 6.5) of a command line that is no text. Exported for tests. */
export function withTextCommand(payload: Buffer): Buffer {
  const type = readString(payload, 5);
  if (type?.text.toString() !== 'exec') return payload;
  const command = readString(payload, type.end + 1);
  if (!command || isUtf8(command.text)) return payload;
  const line = `eval "$(printf %b '${escapeForPrintf(command.text.toString('latin1'))}')"`;
  return Buffer.concat([payload.subarray(0, type.end + 1), encodeString(line)]);
}
