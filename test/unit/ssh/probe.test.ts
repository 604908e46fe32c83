import assert from 'node:assert/strict';
import { parseProbe } from '../../../src/ssh/backends/probe';

const BINARY = Buffer.from([0xff, 0xfe, 0x00, 0x80]);

function answer(lines: readonly string[], tail = BINARY): Buffer {
  return Buffer.concat([Buffer.from(['cloud-sandboxes-probe', ...lines, ''].join('\n')), tail]);
}

describe('parseProbe', () => {
  it('reads what the sandbox says of itself', () => {
    const output = answer([
      'home=/home/é',
      'shell=/bin/zsh',
      'user=zoë',
      'sftp=/usr/lib/ssh/sftp-server',
      'tool=perl',
      'tool=nc:openbsd',
    ]);

    assert.deepEqual(parseProbe(output, ''), {
      home: '/home/é',
      shell: '/bin/zsh',
      user: 'zoë',
      sftpServer: '/usr/lib/ssh/sftp-server',
      tools: new Set(['perl', 'nc:openbsd']),
      binaryOutput: true,
    });
  });

  it('passes over what a shell prints before', () => {
    const output = Buffer.concat([Buffer.from('home=/wrong\nmotd\n'), answer(['home=/root'])]);

    assert.equal(parseProbe(output, '').home, '/root');
  });

  it('has an answer for a shell that finds out nothing', () => {
    const { home, shell, user, sftpServer, tools } = parseProbe(answer([]), '');

    assert.deepEqual(
      { home, shell, user, sftpServer, tools: [...tools] },
      { home: '/', shell: 'sh', user: undefined, sftpServer: undefined, tools: [] },
    );
  });

  const changed = [
    { name: 'decoded as UTF-8', tail: Buffer.from(BINARY.toString('utf8')) },
    { name: 'cut at the NUL', tail: BINARY.subarray(0, 2) },
    { name: 'not printed at all', tail: Buffer.alloc(0) },
  ];
  for (const { name, tail } of changed) {
    it(`notices that output is not 8-bit clean: ${name}`, () => {
      assert.equal(parseProbe(answer(['home=/root'], tail), '').binaryOutput, false);
    });
  }

  it('says what the sandbox complains of when there is no shell', () => {
    assert.throws(() => parseProbe(Buffer.from(''), 'sh: not found\nmore\n'), {
      code: 'unavailable',
      message: /sh: not found$/,
    });
  });
});
