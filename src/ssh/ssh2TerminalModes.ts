/**
 * Terminal modes of `pty-req`. ssh2 1.17 begins to read them at their second byte, and so finds none; it also refuses
 * the whole request for a mode that it does not know. So they are read here, off the packet itself.
 */
import handlers from 'ssh2/lib/protocol/handlers.js';
import { readString } from './sshString';
import type { TerminalModes } from './terminalModes';

const CHANNEL_REQUEST = 98;
const TTY_OP_END = 0;
/** RFC 4254 section 8: opcodes from here on have arguments of another form and end the list. */
const FIRST_UNDEFINED_OPCODE = 160;

/** What the latest `pty-req` of a connection asked for, until {@link takeTerminalModes} asks. */
const latest = new WeakMap<object, TerminalModes>();

const handle = handlers[CHANNEL_REQUEST];
handlers[CHANNEL_REQUEST] = (protocol, payload) => {
  const modes = parsePtyRequest(payload);
  if (!modes) return handle?.(protocol, payload);
  latest.set(protocol, modes.values);
  return handle?.(protocol, modes.withoutModes);
};

/** The modes of the `pty-req` that is being handled. */
export function takeTerminalModes(protocol: object): TerminalModes {
  const modes = latest.get(protocol) ?? {};
  latest.delete(protocol);
  return modes;
}

/** The modes of a packet that is a `pty-req`, and the packet with none. Exported for tests. */
export function parsePtyRequest(
  payload: Buffer,
): { readonly values: TerminalModes; readonly withoutModes: Buffer } | undefined {
  const type = readString(payload, 5);
  if (type?.text.toString() !== 'pty-req') return undefined;
  const term = readString(payload, type.end + 1);
  const modes = term && readString(payload, term.end + 16);
  if (!modes) return undefined;
  const withoutModes = Buffer.concat([payload.subarray(0, modes.end - modes.text.length - 4), EMPTY_STRING]);
  return { values: parseModes(modes.text), withoutModes };
}

const EMPTY_STRING = Buffer.alloc(4);

function parseModes(encoded: Buffer): TerminalModes {
  const modes: Record<number, number> = {};
  for (let at = 0; at + 5 <= encoded.length; at += 5) {
    const opcode = encoded[at] ?? TTY_OP_END;
    if (opcode === TTY_OP_END || opcode >= FIRST_UNDEFINED_OPCODE) break;
    modes[opcode] = encoded.readUInt32BE(at + 1);
  }
  return modes;
}
