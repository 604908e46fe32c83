import assert from 'node:assert/strict';
import { parsePtyRequest } from '../../../src/ssh/ssh2TerminalModes';
import { encodeModes, sttyArguments } from '../../../src/ssh/terminalModes';

/** A `pty-req` packet (RFC 4254 section 6.2) with these encoded modes. */
function ptyRequest(modes: readonly number[]): Buffer {
  const string = (text: Buffer): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(text.length);
    return Buffer.concat([length, text]);
  };
  return Buffer.concat([
    Buffer.of(98, 0, 0, 0, 7),
    string(Buffer.from('pty-req')),
    Buffer.of(1),
    string(Buffer.from('xterm')),
    Buffer.alloc(16),
    string(Buffer.from(modes)),
  ]);
}

describe('parsePtyRequest', () => {
  it('reads modes up to their end', () => {
    const parsed = parsePtyRequest(ptyRequest([1, 0, 0, 0, 3, 42, 0, 0, 0, 1, 0, 2, 0, 0, 0, 9]));

    assert.deepEqual(parsed?.values, { 1: 3, 42: 1 });
  });

  it('leaves the packet as it is but for the modes', () => {
    assert.deepEqual(parsePtyRequest(ptyRequest([1, 0, 0, 0, 3, 0]))?.withoutModes, ptyRequest([]));
  });

  const broken = [
    { name: 'a packet that ends within a string', packet: ptyRequest([1, 0, 0, 0, 3]).subarray(0, 45) },
    { name: 'a packet of nothing', packet: Buffer.of(98) },
    { name: 'another request', packet: Buffer.from('\x62\0\0\0\x07\0\0\0\x05shell\x01', 'latin1') },
  ];
  for (const { name, packet } of broken) {
    it(`does not touch ${name}`, () => assert.equal(parsePtyRequest(packet), undefined));
  }

  it('ignores a mode that is cut off', () => {
    assert.deepEqual(parsePtyRequest(ptyRequest([1, 0, 0]))?.values, {});
  });
});

describe('sttyArguments', () => {
  it('names characters and flags as stty does, what not every system knows apart', () => {
    assert.deepEqual(sttyArguments({ 1: 3, 3: 127, 6: 255, 8: 0x2a, 36: 1, 38: 0, 42: 1, 128: 38400 }), [
      ['intr', '^C', 'erase', '^?', 'eol', 'undef', 'start', '*', 'icrnl', '-ixon'],
      ['iutf8'],
    ]);
  });

  it('leaves out what has no meaning for a pseudo-terminal', () => {
    assert.deepEqual(sttyArguments({ 90: 1, 129: 38400, 200: 1 }), []);
  });
});

describe('encodeModes', () => {
  it('gives what a `pty-req` says again', () => {
    const modes = { 1: 3, 53: 0, 129: 38_400 };

    assert.deepEqual(parsePtyRequest(ptyRequest([...encodeModes(modes)]))?.values, modes);
  });
});
