import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { withTextCommand } from '../../../src/ssh/ssh2Commands';
import { readString } from '../../../src/ssh/sshString';

const ODD = Buffer.from('printf %s \xff"\'\\\n$x', 'latin1');
/** Where the command begins in an `exec` packet: behind the message, the channel, the type and "want reply". */
const COMMAND_AT = 14;

/** An `exec` packet (RFC 4254 section 6.5). */
function execRequest(command: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(command.length);
  return Buffer.concat([Buffer.from('\x62\0\0\0\x07\0\0\0\x04exec\x01', 'latin1'), length, command]);
}

describe('withTextCommand', () => {
  it('wraps a command that is not UTF-8 in one that is', () => {
    const line = execRequest(Buffer.from('printf %s caf\xe9', 'latin1'));

    const wrapped = readString(withTextCommand(line), COMMAND_AT)!.text.toString('ascii');

    assert.equal(execFileSync('sh', ['-c', wrapped], { encoding: 'latin1' }), 'caf\xe9');
  });

  const untouched = [
    { name: 'text', packet: execRequest(Buffer.from('echo "ü" 🦊')) },
    { name: 'a packet that ends within its command', packet: execRequest(ODD).subarray(0, -1) },
    { name: 'a packet of nothing', packet: Buffer.of(98) },
    { name: 'another request', packet: Buffer.from('\x62\0\0\0\x07\0\0\0\x05shell\x01', 'latin1') },
  ];
  for (const { name, packet } of untouched) {
    it(`does not touch ${name}`, () => assert.equal(withTextCommand(packet), packet));
  }
});
